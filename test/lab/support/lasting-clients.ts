// SPDX-License-Identifier: Apache-2.0
/**
 * Two clients that are started once and told nothing more: one knows a name, behind which stand the servers of the
 * moment, and the other the address that one server had then. Both must live, within their sessions, through whatever
 * happens to the servers.
 */
import assert from 'node:assert/strict';
import { connect, retry, type ZookeeperClient } from '../../../src/client/index.ts';
import { CLIENT_PORT } from '../../../src/model/member.ts';
import type { TestLab } from './lab.ts';
import { waitFor } from './wait-for.ts';

const NAME = 'zookeeper.test';
const LIMIT_MS = 60_000;
/** The servers grant what they allow at most: what is tested is not how long a session lasts. */
const SESSION_TIMEOUT_MS = 40_000;

/** A client with what it had when it began. */
interface Lasting {
  readonly client: ZookeeperClient;
  readonly sessionId: bigint;
  /** An ephemeral znode of the session. */
  readonly path: string;
}

export class LastingClients implements AsyncDisposable {
  readonly #lab: TestLab;
  readonly #clients: readonly Lasting[];

  private constructor(lab: TestLab, clients: readonly Lasting[]) {
    this.#lab = lab;
    this.#clients = clients;
  }

  static async start(lab: TestLab): Promise<LastingClients> {
    const { address } = await lab.leader();
    assert.ok(address);
    const common = { sessionTimeoutMs: SESSION_TIMEOUT_MS, closeTimeoutMs: 1_000, connectLimitMs: LIMIT_MS };
    // As a name that the agents keep would do it: nodes that are on, whether they vote already or not.
    const resolve = async (): Promise<readonly string[]> =>
      (await lab.nodes()).flatMap((node) => (node.machine === 'running' ? (node.address ?? []) : []));
    const byName = await connect({ ...common, servers: `${NAME}:${CLIENT_PORT}`, resolve });
    try {
      const byAddress = await connect({ ...common, servers: `${address}:${CLIENT_PORT}`, followConfig: true });
      return new LastingClients(lab, [await begun(byName, 'name'), await begun(byAddress, 'address')]);
    } catch (error) {
      await byName.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client } of this.#clients) await client.close();
  }

  /** Each still has its session and what it made in it, and is at one of the servers of now. */
  async check(): Promise<void> {
    for (const { client, sessionId, path } of this.#clients) {
      const znode = await retry(() => client.exists(path), { deadlineMs: LIMIT_MS });
      assert.equal(client.sessionId, sessionId, `The client of ${path} is in its first session.`);
      assert.equal(znode?.ephemeralOwner, sessionId, `${path} was there all the time.`);
      const isAtServerOfNow = async (): Promise<boolean> => {
        const { status } = client;
        const nodes = await this.#lab.nodes();
        return status.kind === 'connected' && nodes.some(({ address }) => address && status.server.includes(address));
      };
      await waitFor(isAtServerOfNow, { limitMs: LIMIT_MS, why: `the client of ${path} is at a server of now` });
    }
  }
}

async function begun(client: ZookeeperClient, name: string): Promise<Lasting> {
  const path = await client.create(`/lasting-${name}`, { ephemeral: true });
  return { client, sessionId: client.sessionId, path };
}
