// SPDX-License-Identifier: Apache-2.0
/** The places where the agent of an image logs: the journal for its unit, a file for cron's runs. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../tools/program.ts';
import { firstProcessBelow } from '../container/container-processes.ts';
import { readContainerRecord } from '../container/container-record.ts';
import { lastSentence, lastSentenceOf } from './agent-log.ts';
import { runs } from './processes.ts';

/** The path below the root of a machine. */
export const JOURNAL = 'var/log/journal';
export const RECOVERY_LOG = 'var/log/zk-recovery.log';
export const BOOTSTRAP_UNIT = 'zk-bootstrap.service';
export const ZOOKEEPER_UNIT = 'zookeeper.service';

const LINES = 30;
/** A program reads the journal, which is too slow for each look. */
const KEPT_MS = 2_000;
const READ_LIMIT_MS = 5_000;

/**
 * The root of the machine with this directory, for a process that does not run the machine. While the machine runs: the
 * root that it sees. Otherwise: its changes to the image.
 */
export function rootOf(directory: string): string {
  const record = readContainerRecord(directory);
  const first = record !== undefined && runs(record.process) ? firstProcessBelow(record.process.pid) : undefined;
  return first === undefined ? join(directory, 'upper') : `/proc/${first}/root`;
}

interface Said {
  readonly sentence: string;
  readonly atMs: number;
}

export class ImageLog {
  readonly #root: () => string;
  #journal: { readonly readAtMs: number; readonly said: Promise<Said | undefined> } | undefined;

  constructor(root: () => string) {
    this.#root = root;
  }

  /** The last message in either place; undefined when there is none, or when it can't be read. */
  async lastSentence(): Promise<string | undefined> {
    const [bootstrap, recovery] = await Promise.all([this.#ofBootstrap(), this.#ofRecovery()]);
    if (bootstrap === undefined || recovery === undefined) return (bootstrap ?? recovery)?.sentence;
    return (bootstrap.atMs > recovery.atMs ? bootstrap : recovery).sentence;
  }

  #ofBootstrap(): Promise<Said | undefined> {
    const nowMs = performance.now();
    if (this.#journal === undefined || nowMs - this.#journal.readAtMs > KEPT_MS) {
      this.#journal = { readAtMs: nowMs, said: readJournal(join(this.#root(), JOURNAL)).catch(() => undefined) };
    }
    return this.#journal.said;
  }

  async #ofRecovery(): Promise<Said | undefined> {
    const path = join(this.#root(), RECOVERY_LOG);
    try {
      const sentence = await lastSentence(path);
      return sentence === undefined ? undefined : { sentence, atMs: (await stat(path)).mtimeMs };
    } catch {
      return undefined;
    }
  }
}

async function readJournal(directory: string): Promise<Said | undefined> {
  const args = ['--directory', directory, '--unit', BOOTSTRAP_UNIT, '--lines', String(LINES), '--output', 'json'];
  const told = await runProgram('journalctl', [...args, '--quiet', '--no-pager'], { limitMs: READ_LIMIT_MS });
  const entries = told.split('\n').filter((line) => line !== '');
  for (const entry of entries.reverse()) {
    const { MESSAGE, __REALTIME_TIMESTAMP, _PID } = JSON.parse(entry) as Record<string, unknown>;
    // Messages of systemd about the unit come from process 1.
    if (typeof MESSAGE !== 'string' || _PID === '1') continue;
    const sentence = lastSentenceOf(MESSAGE);
    if (sentence !== undefined) return { sentence, atMs: Number(__REALTIME_TIMESTAMP) / 1_000 };
  }
  return undefined;
}
