// SPDX-License-Identifier: Apache-2.0
/**
 * Data set aside: `<dataDir>/aside/<name>/{version-2, stamp.json, config/, facts.json}`. Nothing here deletes data.
 * Each folder is built under a hidden name and renamed when it is whole:
 *
 * - `.<name>.copying`: an unfinished copy. The source is untouched, so a left-over copy is made anew.
 * - `.<name>.moving`: first everything but the data is copied into it, then the data is renamed into it. From then on
 *   this folder counts as data set aside, whatever its name. The next change finishes the move (`settle`).
 */
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AgentError } from '../errors.ts';
import { type AsideFacts, type DataFacts, NO_DATABASE, type Stamp } from '../model/disk.ts';
import type { EnsembleConfig } from '../model/member.ts';
import { readDataDirectory } from './data-directory.ts';
import { checkSpaceForCopy, copyDirectory, isSameDirectory } from './directory-copy.ts';
import {
  isThere,
  makeDirectory,
  namesIn,
  readIfThere,
  removeDurably,
  renameDurably,
  syncDirectory,
  writeDurably,
} from './durable-file.ts';
import type { FileReader } from './own-files.ts';
import { formatOwnJson, isWhole, NewerFormat, parseOwnJson, unreadable } from './own-json.ts';
import { formatStamp, parseStamp } from './stamp.ts';

export interface AsidePlaces {
  readonly dataDir: string;
  readonly stampFile: string;
  /** The same stamp, with the volume that holds the data directory now. */
  stampHere(stamp: Stamp): Promise<Stamp>;
  /** Absolute paths of the config files that are kept with the data. */
  configFiles(): Promise<readonly string[]>;
  /** The content of `facts.json`. */
  facts(): Promise<{ readonly data: DataFacts; readonly config?: EnsembleConfig }>;
}

const DATA = 'version-2';
const MOVING = /^\.(.+)\.moving$/;
const NAMES_LIMIT = 1_000;
const FACTS_LIMIT_MS = 600_000;

/** Everything set aside that has this cluster's stamp, or no stamp. */
export async function listAside(
  places: AsidePlaces,
  cluster: string,
  reader: FileReader,
): Promise<readonly AsideFacts[]> {
  const found: AsideFacts[] = [];
  const names = await reader.read('aside', asideOf(places), () => namesIn(asideOf(places)), []);
  for (const name of names ?? []) {
    const moving = MOVING.exec(name)?.[1];
    const hidden = name.startsWith('.') && moving === undefined;
    const folder = join(asideOf(places), name);
    const facts = hidden
      ? undefined
      : await reader.read('aside', folder, async () =>
          (await isThere(join(folder, DATA))) ? readFacts(folder, moving ?? name, cluster) : undefined,
        );
    if (facts !== undefined) {
      found.push(facts);
    }
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Whether a move was cut off after the data had moved. Then the stamp that is still in place belongs to the moved data.
 */
export async function isMoveUnderWay(places: AsidePlaces): Promise<boolean> {
  return (await movesUnderWay(places)).length > 0;
}

/** Finishes a move that was cut off. Every change of the disk begins with this, including those below. */
export async function settle(places: AsidePlaces): Promise<void> {
  for (const folder of await movesUnderWay(places)) {
    // Both sides of the rename are synced before anything relies on it. The run that renamed may have been killed
    // before it synced them.
    await syncDirectory(join(asideOf(places), folder));
    await syncDirectory(places.dataDir);
    await finishMove(places, folder, MOVING.exec(folder)?.[1] ?? folder);
  }
}

/** Does nothing when there is no data. The stamp moves with the data. The config stays, and a copy of it goes along. */
export async function moveAside(places: AsidePlaces, name: string): Promise<void> {
  checkName(name);
  const data = join(places.dataDir, DATA);
  if (!(await isThere(data))) {
    return;
  }
  const folder = `.${name}.moving`;
  await buildFolder(places, folder);
  await renameDurably(data, join(asideOf(places), folder, DATA));
  await finishMove(places, folder, name);
}

/** Does nothing when there is no data, or when this very data was copied under this name before. */
export async function copyAside(places: AsidePlaces, name: string): Promise<void> {
  checkName(name);
  const data = join(places.dataDir, DATA);
  if (!(await isThere(data)) || (await isCopied(places, name))) {
    return;
  }
  await checkSpaceForCopy(data, places.dataDir);
  const folder = `.${name}.copying`;
  await buildFolder(places, folder);
  await copyDirectory(data, join(asideOf(places), folder, DATA));
  await renameDurably(join(asideOf(places), folder), join(asideOf(places), await freeName(places, name)));
}

/**
 * The data comes back as it was, with its own stamp, which names the present volume; the copy aside stays. The stamp is
 * written first. A node with a stamp but no data merely can't vote, while data without a stamp would be refused.
 */
export async function copyBack(places: AsidePlaces, name: string): Promise<void> {
  checkName(name);
  const data = join(places.dataDir, DATA);
  const source = join(asideOf(places), name);
  if (await isThere(data)) {
    throw new AgentError(
      'PRECONDITION_CHANGED',
      `${data} exists, so the data set aside as "${name}" is not restored over it.`,
      'Nothing: the next run looks at the disk again.',
    );
  }
  if (!(await isThere(join(source, DATA)))) {
    throw unreadable(source);
  }
  await checkSpaceForCopy(join(source, DATA), places.dataDir);
  const half = join(places.dataDir, '.version-2.restoring');
  await rm(half, { recursive: true, force: true });
  await copyDirectory(join(source, DATA), half);
  const stamp = await readIfThere(join(source, 'stamp.json'));
  if (stamp !== undefined) {
    const here = await places.stampHere(parseStamp(stamp, join(source, 'stamp.json')));
    await writeDurably(places.stampFile, formatStamp(here));
  }
  await renameDurably(half, data);
}

async function finishMove(places: AsidePlaces, folder: string, name: string): Promise<void> {
  const moved = await readIfThere(join(asideOf(places), folder, 'stamp.json'));
  if (moved !== undefined && moved === (await readIfThere(places.stampFile))) {
    await removeDurably(places.stampFile);
  }
  await renameDurably(join(asideOf(places), folder), join(asideOf(places), await freeName(places, name)));
}

/** Makes a hidden folder with everything but the data. A left-over folder holds only copies, so it is made anew. */
async function buildFolder(places: AsidePlaces, folder: string): Promise<void> {
  const path = join(asideOf(places), folder);
  const { data, config } = await places.facts();
  const stamp = await readable(places.stampFile);
  await makeDirectory(asideOf(places));
  await rm(path, { recursive: true, force: true });
  await makeDirectory(path);
  if (stamp !== undefined) {
    // A stamp that can't be understood says nothing about the data, so it is kept under another name.
    await writeDurably(join(path, isStamp(stamp) ? 'stamp.json' : 'stamp.unreadable'), stamp);
  }
  await makeDirectory(join(path, 'config'));
  for (const file of await places.configFiles()) {
    const text = await readable(file);
    if (text !== undefined) {
      await writeDurably(join(path, 'config', basename(file)), text);
    }
  }
  await writeDurably(
    join(path, 'facts.json'),
    formatOwnJson('note', { data, ...(config === undefined ? {} : { config }) }),
  );
  await syncDirectory(path);
}

function isStamp(text: string): boolean {
  try {
    parseStamp(text, 'stamp.json');
    return true;
  } catch (error) {
    // The release that wrote it understands it.
    return error instanceof NewerFormat;
  }
}

/** A file that can't be read stays where it is: it must not keep the data from being moved. */
async function readable(file: string): Promise<string | undefined> {
  return readIfThere(file).catch(() => undefined);
}

async function movesUnderWay(places: AsidePlaces): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await namesIn(asideOf(places))) {
    if (MOVING.test(name) && (await isThere(join(asideOf(places), name, DATA)))) {
      found.push(name);
    }
  }
  return found;
}

/** The epochs may have been raised since the copy. Everything else must be as it was. */
async function isCopied(places: AsidePlaces, name: string): Promise<boolean> {
  const leaveOut = (file: string): boolean => file === 'acceptedEpoch' || /\.(tmp|half)$/.test(file);
  for (const candidate of candidates(name)) {
    const copy = join(asideOf(places), candidate, DATA);
    if (!(await isThere(copy))) {
      return false;
    }
    if (await isSameDirectory(join(places.dataDir, DATA), copy, leaveOut)) {
      return true;
    }
  }
  return false;
}

/** `name`, then `name-2`, `name-3`, …: a folder that exists is never touched. */
async function freeName(places: AsidePlaces, name: string): Promise<string> {
  for (const candidate of candidates(name)) {
    if (!(await isThere(join(asideOf(places), candidate)))) {
      return candidate;
    }
  }
  throw new AgentError(
    'BAD_DATA_DIRECTORY',
    `${asideOf(places)} holds ${NAMES_LIMIT} copies named "${name}".`,
    'See "zk-agent status": it lists them, and says of each what a person may do.',
  );
}

function* candidates(name: string): Generator<string> {
  yield name;
  for (let number = 2; number <= NAMES_LIMIT; number++) {
    yield `${name}-${number}`;
  }
}

async function readFacts(folder: string, name: string, cluster: string): Promise<AsideFacts | undefined> {
  const stampText = await readIfThere(join(folder, 'stamp.json'));
  const stamp = stampText === undefined ? undefined : parseStamp(stampText, join(folder, 'stamp.json'));
  if (stamp !== undefined && stamp.cluster !== cluster) {
    return undefined;
  }
  return { name, lineage: stamp?.lineage ?? 0, ...((await notedFacts(folder)) ?? (await seenFacts(folder))) };
}

/** The facts that were noted when the data was set aside. */
async function notedFacts(folder: string): Promise<Pick<AsideFacts, 'data' | 'config'> | undefined> {
  const file = join(folder, 'facts.json');
  try {
    const { data, config } = parseOwnJson('note', (await readIfThere(file)) ?? '', file);
    if (!isDataFacts(data) || !(config === undefined || isConfig(config))) return undefined;
    return { data, ...(config === undefined ? {} : { config }) };
  } catch {
    return undefined;
  }
}

/** Finds the facts out again, when the note is lost. */
async function seenFacts(folder: string): Promise<Pick<AsideFacts, 'data'>> {
  const data = await readDataDirectory(join(folder, DATA), AbortSignal.timeout(FACTS_LIMIT_MS));
  if (data === undefined) throw unreadable(folder);
  return { data };
}

function isDataFacts(value: unknown): value is DataFacts {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const { currentEpoch, acceptedEpoch, lastZxid } = value as Partial<Record<keyof DataFacts, unknown>>;
  return (
    (isWhole(currentEpoch) || currentEpoch === NO_DATABASE) && isWhole(acceptedEpoch) && typeof lastZxid === 'string'
  );
}

function isConfig(value: unknown): value is EnsembleConfig {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const { version, members } = value as Partial<Record<keyof EnsembleConfig, unknown>>;
  return typeof version === 'string' && Array.isArray(members);
}

function checkName(name: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) {
    throw new AgentError(
      'BAD_ARGUMENT',
      `"${name}" is no name for data set aside.`,
      'Use letters, digits, ".", "_", "-".',
    );
  }
}

function asideOf(places: AsidePlaces): string {
  return join(places.dataDir, 'aside');
}
