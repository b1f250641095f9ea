// SPDX-License-Identifier: Apache-2.0
/** Three nodes of which one is edited while it is off, and the leader terminated as it comes back; again and again. */
import assert from 'node:assert/strict';
import { votersOf } from '../../../src/model/member.ts';
import { LAB_TIMINGS } from '../../../src/timings.ts';
import { oneEnsemble } from './agreement.ts';
import type { Bereft } from './bereft-rows.ts';
import { anHourPasses, editAll } from './edited-nodes.ts';
import { startLab, type TestLab, waitFor } from './lab.ts';
import { advisedBy, obey } from './obeyed-advice.ts';
import { WrittenData } from './written-data.ts';

const NODES = 3;
/** With a recovery by force in it, or a server that is tried again every minute, on a slow machine. */
const WHOLE_LIMIT_MS = 120_000;
const POLL_MS = 250;
/** A replacement without an id is not waited for long. */
const TIMINGS = JSON.stringify({ ...LAB_TIMINGS, unclaimedMs: 1_000 });

export class EditedAndBereft implements AsyncDisposable {
  readonly lab: TestLab;
  readonly #written: WrittenData;

  private constructor(lab: TestLab, written: WrittenData) {
    this.lab = lab;
    this.#written = written;
  }

  static async start(): Promise<EditedAndBereft> {
    const lab = await startLab({ nodes: NODES, ticks: 1, settings: { TIMINGS } });
    try {
      await lab.healthy();
      const written = await WrittenData.start(lab);
      await written.write(50);
      return new EditedAndBereft(lab, written);
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab[Symbol.asyncDispose]();
  }

  /**
   * By itself, or after a person has done what a node asks for, three nodes vote again, with all that was acknowledged.
   */
  async comesBack({ edits, asks }: Bereft): Promise<void> {
    const leader = this.lab.host((await this.lab.leader()).instance);
    const [edited] = this.lab.lab.hypervisor.hosts.filter(({ instance }) => instance !== leader.instance);
    assert.ok(edited);
    const directory = this.lab.directoryOf(edited.instance);
    await edited.machine.powerOff();
    // Both of the others have it, and the one that is off has not.
    await this.#written.write(5, [leader.address]);
    anHourPasses(directory);
    const mends = edits.map(({ row, edit }) =>
      editAll(directory, this.lab.directoryOf(leader.instance), row.files, edit),
    );
    const mend = (): void => {
      for (const each of mends) each();
    };
    await edited.machine.boot();
    await this.lab.terminate(leader.instance);
    await this.lab.untilGone([leader.instance]);
    if (asks !== undefined) await obey(this.lab, edited.instance, asks, mend);
    await waitFor(() => this.#isWhole(), {
      limitMs: WHOLE_LIMIT_MS,
      why: 'three nodes vote',
      pollMs: POLL_MS,
    }).catch((error: unknown) => {
      throw new Error(`${error}\n${this.#said().join('\n')}`);
    });
    await this.#written.checkOn(await oneEnsemble(this.lab, NODES));
  }

  async #isWhole(): Promise<boolean> {
    const { hosts } = this.lab.lab.hypervisor;
    if (hosts.length !== NODES) return false;
    const answers = await Promise.all(hosts.map(({ address }) => this.lab.srvr(address)));
    if (answers.some(({ kind }) => kind !== 'serving')) return false;
    const voters = votersOf(await this.lab.configNow(hosts[0]?.address ?? '')).map(({ address }) => address);
    return voters.length === NODES && hosts.every(({ address }) => voters.includes(address));
  }

  #said(): readonly string[] {
    return this.lab.lab.hypervisor.hosts.map(({ instance }) => {
      const last = this.lab.agentLog(instance).findLast(({ event }) => event === 'decided' || event === 'error');
      return `${JSON.stringify(last)} ${JSON.stringify(advisedBy(this.lab, instance))}`;
    });
  }
}
