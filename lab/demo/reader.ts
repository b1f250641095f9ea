// SPDX-License-Identifier: Apache-2.0
/** Which of the demo's writes one server has, read from that very server. */
import { ZookeeperClient, ZookeeperError } from '../../src/client/index.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { DEMO_ROOT } from './writer.ts';

const READ_LIMIT_MS = 60_000;

/**
 * The numbers that this server has, ascending. With `synced`, the server first catches up with the leader. Without, it
 * answers from its present data, as it can while it believes that it has a quorum.
 */
export async function numbersAt(address: string, synced: boolean): Promise<readonly number[]> {
  const client = await ZookeeperClient.connect({
    servers: [{ host: address, port: CLIENT_PORT }],
    connectLimitMs: READ_LIMIT_MS,
    requestTimeoutMs: READ_LIMIT_MS,
    reconnectLimitMs: 0,
  });
  try {
    if (synced) await client.sync(DEMO_ROOT);
    const { children } = await client.getChildren(DEMO_ROOT);
    return children.map((name) => Number(name.slice(1))).sort((one, other) => one - other);
  } catch (error) {
    if (error instanceof ZookeeperError && error.code === 'NO_NODE') return [];
    throw error;
  } finally {
    await client.close();
  }
}
