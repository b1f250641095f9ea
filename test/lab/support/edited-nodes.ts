// SPDX-License-Identifier: Apache-2.0
/**
 * An ensemble that goes on serving while followers of it are switched off, edited and switched on again, some at once.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../../lab/hypervisor/hypervisor.ts';
import { listed } from '../../../src/model/member.ts';
import { applyEdit, type Edit } from './file-edits.ts';
import { startLab, type TestLab, waitFor } from './lab.ts';
import { type FileRow, makeSure, type NodeFile, pathOf } from './node-files.ts';
import { bootstrapped } from './survivors.ts';
import { WrittenData } from './written-data.ts';

const BACK_LIMIT_MS = 120_000;
const TICK_MS = 300;
/** A replacement joins, and whoever is dead goes with the same change. */
const REPLACED_LIMIT_MS = 90_000;

export class EditedNodes implements AsyncDisposable {
  readonly lab: TestLab;
  readonly written: WrittenData;
  /** Instances that are well and not being edited, the longest unedited first. */
  #free: string[];
  /** Instances that are, or were, in somebody's hands. */
  readonly #known: Set<string>;

  private constructor(lab: TestLab, written: WrittenData) {
    this.lab = lab;
    this.written = written;
    this.#free = lab.lab.hypervisor.hosts.map(({ instance }) => instance);
    this.#known = new Set(this.#free);
  }

  /** No cron: each tick is taken where one is wanted. */
  static async start(nodes: number): Promise<EditedNodes> {
    const lab = await startLab({ nodes, ticks: 'never' });
    try {
      await lab.healthy();
      await bootstrapped(lab);
      const written = await WrittenData.start(lab);
      await written.write(50);
      return new EditedNodes(lab, written);
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab[Symbol.asyncDispose]();
  }

  /**
   * Edits each file of the row on a follower that is off. By itself it votes again then, as the very same node, with
   * all that was written. Resolves with what its agent has logged since it was switched on.
   */
  async comesBack({ files }: FileRow, edit: Edit): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const leader = await this.leader();
    const host = this.#take(leader);
    const { instance, machine, directory } = { ...host, directory: this.lab.directoryOf(host.instance) };
    try {
      const id = idOn(directory);
      await machine.powerOff();
      // While it is away the others go on, so it has something to fetch.
      await this.written.write(2, [leader.address]);
      anHourPasses(directory);
      editAll(directory, this.lab.directoryOf(leader.instance), files, edit);
      const from = this.lab.agentLog(instance).length;
      await machine.boot();
      await this.#untilHealthy(host).catch((error: unknown) => {
        const last = this.lab.agentLog(instance).slice(from).slice(-6);
        throw new Error(`${error}\n${last.map((line) => JSON.stringify(line)).join('\n')}`);
      });
      assert.equal(idOn(directory), id, 'It has the id that it had.');
      const config = await this.lab.configOf(host.address);
      assert.equal(listed(config, id, host.address)?.role, 'participant', 'It votes.');
      await this.written.checkOn([host.address]);
      this.#free.push(instance);
      return this.lab.agentLog(instance).slice(from);
    } catch (error) {
      this.#free.push(await this.#replace(host));
      throw error;
    }
  }

  /** The one that leads, by the word of the servers alone. */
  async leader(): Promise<Host> {
    return waitFor(
      async () => {
        for (const host of this.lab.lab.hypervisor.hosts) {
          const answer = await this.lab.srvr(host.address);
          if (answer.kind === 'serving' && answer.mode === 'leader') return host;
        }
        return undefined;
      },
      { limitMs: BACK_LIMIT_MS, why: 'a node leads' },
    );
  }

  #take(leader: Host): Host {
    const instance = this.#free.find((each) => each !== leader.instance);
    if (instance === undefined) throw new Error('Every follower is being edited.');
    this.#free = this.#free.filter((each) => each !== instance);
    return this.lab.host(instance);
  }

  /** The bootstrap of its boot has ended, and a tick finds nothing to do. */
  async #untilHealthy({ machine }: Host, limitMs = BACK_LIMIT_MS): Promise<void> {
    const limit = AbortSignal.timeout(limitMs);
    const late = new Promise((resolve) => limit.addEventListener('abort', resolve, { once: true }));
    await Promise.race([machine.bootstrapped, late]);
    await waitFor(
      async () => {
        const run = await machine.runAgent(['recovery'], { signal: limit });
        return run.stdout.includes('"event":"healthy"');
      },
      { limitMs, why: 'a tick says that it is healthy', pollMs: TICK_MS },
    );
  }

  /**
   * So that what one edit has broken does not stand in the way of the next. Returns the new instance, once it is well.
   */
  async #replace({ instance }: Host): Promise<string> {
    await this.lab.terminate(instance);
    await this.lab.untilGone([instance]);
    const isFresh = (host: Host): boolean => !this.#known.has(host.instance) && host.machine.state === 'running';
    const fresh = await waitFor(() => this.lab.lab.hypervisor.hosts.find(isFresh), {
      limitMs: REPLACED_LIMIT_MS,
      why: `${instance} is replaced`,
    });
    this.#known.add(fresh.instance);
    await this.#untilHealthy(fresh, REPLACED_LIMIT_MS);
    return fresh.instance;
  }
}

/** Edits these files of a machine that is off, with those of another at hand; returns what puts them right again. */
export function editAll(machine: string, other: string, files: readonly NodeFile[], edit: Edit): () => void {
  const whole = files.map((file) => {
    const path = makeSure(machine, file);
    const content = readFileSync(path);
    applyEdit(edit, path, contentOfOther(other, file));
    return { path, content };
  });
  return () => {
    for (const { path, content } of whole) {
      rmSync(path, { force: true });
      writeFileSync(path, content);
    }
  };
}

/** As it is on the other machine, or as it would be there. */
function contentOfOther(other: string, file: NodeFile): Buffer {
  const path = pathOf(other, file);
  if (existsSync(path)) return readFileSync(path);
  const made = file.others ?? file.made;
  if (made === undefined) throw new Error(`${path} should be there, and nobody says what is in it.`);
  return Buffer.from(made(other), 'latin1');
}

function idOn(machine: string): number {
  return Number(readFileSync(join(machine, 'data', 'myid'), 'utf8'));
}

/** Data is set aside three times an hour at most (Server 4); the same machine is edited more often here. */
export function anHourPasses(machine: string): void {
  rmSync(join(machine, 'data', 'zk-agent', 'occasions.json'), { force: true });
}
