// SPDX-License-Identifier: Apache-2.0
/** The two epochs of a `version-2`, as a server reads them at its start (ZooKeeper 3.9.5, QuorumPeer.loadDataBase). */
import { join } from 'node:path';
import { readIfThere } from './durable-file.ts';

interface Epochs {
  readonly current: number;
  readonly accepted: number;
  /** What makes a server end, in one sentence. */
  readonly damage: string | undefined;
}

/** In a zxid an epoch has 32 bits. A higher number is no epoch, whatever the server makes of it. */
const HIGHEST_EPOCH = 0xffff_ffff;

/**
 * `logged` is the epoch of the last zxid that loads. It stands for a missing file.
 *
 * If it is above the current epoch, the server was cut off before it had written that epoch. The server then takes the
 * epoch from `currentEpoch.tmp`, which was not renamed yet. Without that file it ends.
 */
export async function readEpochs(directory: string, logged: number): Promise<Epochs> {
  // The order matters: the server raises the accepted epoch first, so it must be read last to be never behind.
  const written = await readEpoch(directory, 'currentEpoch', logged);
  const half = written.epoch < logged ? await readEpoch(directory, 'currentEpoch.tmp', undefined) : undefined;
  const current = half?.epoch ?? written.epoch;
  const accepted = await readEpoch(directory, 'acceptedEpoch', logged);
  const damage =
    written.damage ??
    half?.damage ??
    accepted.damage ??
    disagreement(current, accepted.epoch, logged, half) ??
    (await notWritable(directory));
  return { current, accepted: Math.max(accepted.epoch, accepted.damage === undefined ? -1 : current), damage };
}

/**
 * The server writes each epoch under these names first, whenever it follows or leads. If it can't open such a file, it
 * still starts, but can't follow: it tries, and fails, for ever.
 */
async function notWritable(directory: string): Promise<string | undefined> {
  for (const path of ['acceptedEpoch.tmp', 'currentEpoch.tmp'].map((name) => join(directory, name))) {
    try {
      await readIfThere(path);
    } catch (error) {
      return `The server can't write its epoch, since ${path} can't be opened: ${error instanceof Error ? error.message : error}.`;
    }
  }
  return undefined;
}

interface Read {
  readonly epoch: number;
  readonly damage?: string;
}

async function readEpoch(directory: string, name: string, fallback: number): Promise<Read>;
async function readEpoch(directory: string, name: string, fallback: undefined): Promise<Read | undefined>;
async function readEpoch(directory: string, name: string, fallback: number | undefined): Promise<Read | undefined> {
  const path = join(directory, name);
  const text = await readIfThere(path);
  if (text === undefined) return fallback === undefined ? undefined : { epoch: fallback };
  // As Java reads it: the first line, and nothing beside the digits.
  const [line = ''] = text.split(/\r\n|\n|\r/, 1);
  const epoch = Number(line);
  if (/^[+-]?\d{1,10}$/.test(line) && epoch <= HIGHEST_EPOCH) return { epoch };
  const holds = JSON.stringify(text.slice(0, 40));
  return { epoch: fallback ?? -1, damage: `${path} should hold one number and holds ${holds}.` };
}

/** The two checks that the server makes before it takes part. */
function disagreement(current: number, accepted: number, logged: number, half: Read | undefined): string | undefined {
  if (current < logged && half === undefined) {
    return `The current epoch ${current} is older than the epoch ${logged} of the last zxid.`;
  }
  if (accepted < current) {
    return `The accepted epoch ${accepted} is below the current epoch ${current}.`;
  }
  return undefined;
}
