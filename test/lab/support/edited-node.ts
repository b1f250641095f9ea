/** One follower of a serving ensemble whose files are edited while it is off, again and again. */
import assert from 'node:assert/strict';
import { votersOf } from '../../../src/model/member.ts';
import { applies, applyEdit, type Edit, type NodeFile, pathOf } from './file-edits.ts';
import { startLab, type TestLab, waitFor } from './lab.ts';
import { WrittenData } from './written-data.ts';

const BACK_LIMIT_MS = 45_000;
/** With a recovery by force in it, on a slow machine. */
const WHOLE_LIMIT_MS = 150_000;

/** What a person is told to do where a node does not come back by itself, and does. */
export interface Remedy {
  readonly said: RegExp;
  readonly act: (node: EditedNode) => Promise<void>;
}

export class EditedNode implements AsyncDisposable {
  readonly lab: TestLab;
  readonly written: WrittenData;

  private constructor(lab: TestLab, written: WrittenData) {
    this.lab = lab;
    this.written = written;
  }

  static async start(): Promise<EditedNode> {
    const lab = await startLab({ nodes: 3, ticks: 1 });
    try {
      await lab.healthy();
      const written = await WrittenData.start(lab);
      await written.write(50);
      return new EditedNode(lab, written);
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }

  /** Edits the file of a follower that is off; undefined when the edit would change nothing. */
  async edit(file: NodeFile, edit: Edit): Promise<string | undefined> {
    const leader = await this.lab.leader();
    const followers = (await this.lab.nodes()).filter(({ instance }) => instance !== leader.instance);
    const instance = followers[0]?.instance ?? '';
    const path = pathOf(this.lab.directoryOf(instance), file);
    if (!applies(edit, path)) return undefined;
    await this.lab.powerOff(instance);
    // While it is away the others go on, so it has something to fetch.
    await this.written.write(5, this.#addressesBut(instance));
    applyEdit(edit, path, pathOf(this.lab.directoryOf(leader.instance), file));
    return instance;
  }

  on(instance: string): void {
    this.lab.powerOn(instance);
  }

  /** The node votes again, as the very same instance, and has everything; or it says what a person does, who does it. */
  async comesBack(instance: string, remedy: Remedy | undefined): Promise<void> {
    const from = this.lab.agentLog(instance).length;
    if (remedy !== undefined) {
      const said = () =>
        this.lab
          .agentLog(instance)
          .slice(from)
          .some((line) => remedy.said.test(JSON.stringify(line)));
      await waitFor(said, { limitMs: BACK_LIMIT_MS, why: `${instance} says ${remedy.said}` });
      await remedy.act(this);
    } else {
      await waitFor(() => this.#votes(instance), { limitMs: BACK_LIMIT_MS, why: `${instance} votes again` }).catch(
        (error: unknown) => {
          const last = this.lab.agentLog(instance).slice(from).slice(-4);
          throw new Error(`${error}\n${last.map((line) => JSON.stringify(line)).join('\n')}`);
        },
      );
    }
    await this.wholeAgain();
    assert.equal((await this.lab.records()).length, 1, 'Nothing was recovered by force.');
  }

  async leaderGoes(): Promise<void> {
    const { instance } = await this.lab.leader();
    await this.lab.terminate(instance);
    await this.lab.untilGone([instance]);
  }

  /** Three nodes vote, and each has everything that was acknowledged. */
  async wholeAgain(): Promise<void> {
    await this.lab.healthy(WHOLE_LIMIT_MS);
    const addresses = (await this.lab.nodes()).map(({ address }) => address ?? '');
    assert.equal(addresses.length, 3);
    await this.written.checkOn(addresses);
  }

  /** So that what one edit has broken does not stand in the way of the next. */
  async replace(instance: string): Promise<void> {
    await this.lab.terminate(instance);
    await this.lab.untilGone([instance]);
    await this.lab.healthy(BACK_LIMIT_MS);
  }

  async #votes(instance: string): Promise<boolean> {
    const { address } = this.lab.host(instance);
    if ((await this.lab.srvr(address)).kind !== 'serving') return false;
    const leader = (await this.lab.nodes()).find(({ role }) => role === 'leader');
    if (leader?.address === undefined) return false;
    const config = await this.lab.configOf(leader.address);
    return votersOf(config).some((member) => member.address === address);
  }

  #addressesBut(instance: string): readonly string[] {
    const off = this.lab.host(instance).address;
    return this.lab.lab.hypervisor.hosts.map(({ address }) => address).filter((address) => address !== off);
  }
}
