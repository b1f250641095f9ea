// SPDX-License-Identifier: Apache-2.0
/** The node's own disk, as the ports describe it: its facts, and every change that the agent makes to it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskFacts, NodeFile, Stamp } from '../model/disk.ts';
import type { NodeDisk } from '../ports.ts';
import type { TickSettings } from '../timings.ts';
import { type AgentFiles, agentFiles } from './agent-files.ts';
import { type AsidePlaces, copyAside, copyBack, isMoveUnderWay, listAside, moveAside, settle } from './aside.ts';
import {
  configFiles,
  hasOtherSettings,
  pendingIn,
  readConfig,
  readPending,
  unlessCut,
  writeCommitted,
  writeConfig,
  writeSettings,
  zooCfgIn,
} from './config-directory.ts';
import { readDataDirectory } from './data-directory.ts';
import { explained } from './disk-errors.ts';
import { diskSpace } from './disk-space.ts';
import { isThere, makeDirectory, readIfThere, removeDurably, renameDurably, writeDurably } from './durable-file.ts';
import { noteFailedStart, readFailedStart } from './failed-start.ts';
import { removeLeftovers, syncPlaces } from './leftovers.ts';
import { formatNamed, parseNamed } from './named.ts';
import { noteOccasion, readOccasions } from './occasions.ts';
import {
  FileReader,
  readFenceOf,
  readId,
  readMark,
  readMarker,
  readNonce,
  readStamp,
  requireMounted,
} from './own-files.ts';
import { formatOwnJson, isWhole, parseOwnJson, unreadable } from './own-json.ts';
import { formatStamp } from './stamp.ts';
import { volumeOf } from './volume.ts';
import { formatVouched, parseVouched, type Vouched } from './vouched.ts';

/** A whole `version-2` may have to be read before it is changed. */
const DATA_READ_LIMIT_MS = 600_000;

interface NodeDiskOptions {
  /** The server's `dataDir`; it must exist. */
  readonly dataDir: string;
  readonly confDir: string;
  /** `<dataDir>/myid`, unless it is set to another path. */
  readonly idFile: string;
  /** The version-less dynamic file, `<confDir>/zoo.cfg.dynamic` unless it is set to another path. */
  readonly dynamicFile: string;
  readonly cluster: string;
  readonly tick: TickSettings;
  /** Elastic IP 6: the server listens on every address of its machine. */
  readonly onAllAddresses?: boolean;
  /** Where the kernel says what the disks are; `/sys` unless a test has its own. */
  readonly sysfs?: string;
}

export function nodeDisk(options: NodeDiskOptions): NodeDisk {
  const { dataDir } = options;
  const files = agentFiles(dataDir);
  const aside = asidePlaces(options);
  let prepared = false;
  // Changes never run at the same time: only a step makes them, and the loop awaits each step.
  const change = (action: () => Promise<void>): Promise<void> =>
    explained(async () => {
      // First comes what an earlier run, or a failed change of this run, left behind.
      if (!prepared) {
        await syncPlaces(options);
        await removeLeftovers(options);
      }
      prepared = false;
      await settle(aside);
      await action();
      prepared = true;
    });
  const writeOwn = (path: string, text: string): Promise<void> =>
    change(async () => {
      await makeDirectory(files.directory);
      await writeDurably(path, text);
    });
  return {
    read: (signal) => explained(() => readDisk(options, aside, signal)),
    isFenced: () => explained(() => isThere(files.fence)),
    writeId: (id) => change(() => writeDurably(options.idFile, `${id}\n`)),
    writeNonce: (nonce) => writeOwn(files.nonce, `${nonce}\n`),
    writeMarker: () => change(() => writeDurably(join(dataDir, 'initialize'), '')),
    writeStamp: (stamp) =>
      change(async () => {
        await makeDirectory(files.directory);
        await writeDurably(files.stamp, formatStamp(await named(options, { ...(await stampBefore(files)), ...stamp })));
      }),
    writeConfig: (config) => change(() => writeConfig(options, config)),
    hasOtherSettings: () => explained(() => hasOtherSettings(options)),
    writeSettings: () => change(() => writeSettings(options)),
    writeCommitted: (config) => change(() => writeCommitted(options, config)),
    raiseAcceptedEpoch: (epoch) => change(() => raiseAcceptedEpoch(dataDir, epoch)),
    setDataAside: (name) => change(() => moveAside(aside, name)),
    setCopyAside: (name) =>
      change(async () => {
        await removeDurably(join(dataDir, 'initialize'));
        await removeDurably(files.nonce);
        await moveAside(aside, name);
        await removeDurably(files.stamp);
      }),
    copyDataAside: (name) => change(() => copyAside(aside, name)),
    restoreAside: (name) =>
      change(async () => {
        await makeDirectory(files.directory);
        await copyBack(aside, name);
      }),
    raiseFence: (fence) => writeOwn(files.fence, formatOwnJson('fence', fence)),
    liftFence: () => change(() => removeDurably(files.fence)),
    mark: (name) => writeOwn(files.mark(name), ''),
    unmark: (name) => change(() => removeDurably(files.mark(name))),
    noteFailedStart: (why) =>
      change(async () => {
        await makeDirectory(files.directory);
        await noteFailedStart(files.failedStart, join(dataDir, 'version-2'), why);
      }),
    vouch: (version, members) => writeOwn(files.vouched, formatVouched({ version, members })),
    noteName: (place, generation) => writeOwn(files.named, formatNamed({ place, generation })),
    note: (occasion, nowMs) =>
      change(async () => {
        await makeDirectory(files.directory);
        await noteOccasion(files.occasions, occasion, nowMs);
      }),
    inStateSince: async (lifecycleState, nowMs) => {
      const noted = await readState(files.lifecycleState);
      if (noted?.lifecycleState === lifecycleState) return noted.sinceMs;
      // This write may run beside a step, and perhaps beside its copy, so it clears nothing away.
      await explained(async () => {
        await makeDirectory(files.directory);
        await writeDurably(files.lifecycleState, formatOwnJson('note', { lifecycleState, sinceMs: nowMs }));
      });
      return nowMs;
    },
  };
}

async function readDisk(options: NodeDiskOptions, places: AsidePlaces, signal: AbortSignal): Promise<DiskFacts> {
  const { dataDir, confDir, cluster, idFile } = options;
  const files = agentFiles(dataDir);
  signal.throwIfAborted();
  await requireMounted(dataDir);
  const reader = new FileReader();
  const read = <T>(what: NodeFile, file: string, action: () => Promise<T>): Promise<T | undefined> =>
    reader.read(what, file, action);
  const [occasions, space, named] = await Promise.all([
    readOccasions(files.occasions),
    diskSpace(dataDir),
    readNamed(files.named),
  ]);
  const noted = readVouched(files.vouched);
  // All files are read at the same time, so that a look waits only for the slowest.
  const [volume, id, stamp, nonce, found, fence, config, pending, marker, marks, vouched, aside] = await Promise.all([
    volumeOf(dataDir, sysfsOf(options)),
    read('id', idFile, () => readId(idFile)),
    read('stamp', files.stamp, () => stampInPlace(files.stamp, places)),
    read('nonce', files.nonce, () => readNonce(files.nonce)),
    readDataDirectory(join(dataDir, 'version-2'), signal, files.checkedSnapshots),
    readFenceOf(reader, files.fence),
    read('config', zooCfgIn(confDir), async () => unlessCut(await readConfig(options), await noted)),
    read('pending', pendingIn(confDir), () => readPending(confDir)),
    readMarker(reader, join(dataDir, 'initialize')),
    readMarks(reader, files),
    noted,
    listAside(places, cluster, reader),
  ]);
  const failed = await readFailedStart(files.failedStart, join(dataDir, 'version-2'));
  const data = found && failed !== undefined ? { ...found, damage: found.damage ?? failed } : found;
  const facts = present({
    id,
    volume,
    stamp,
    nonce,
    data,
    fence,
    config,
    pending,
    vouched: vouched?.version,
    named,
    ...space,
  });
  const unread = reader.found.length === 0 ? {} : { unreadable: reader.found };
  return { ...facts, marker, ...marks, aside, occasions, ...unread };
}

/**
 * A mark `reported` that can't be read counts as there, because a look does no harm. Any other mark counts only if it
 * is surely there.
 */
async function readMarks(
  reader: FileReader,
  { mark }: AgentFiles,
): Promise<Pick<DiskFacts, 'left' | 'reported' | 'ready' | 'signalled' | 'abandoned'>> {
  const [left, reported, ready, signalled, abandoned] = await Promise.all([
    readMark(reader, mark('left'), false),
    readMark(reader, mark('reported'), true),
    readMark(reader, mark('ready'), false),
    readMark(reader, mark('signalled'), false),
    readMark(reader, mark('abandoned'), false),
  ]);
  return { left, reported, ready, signalled, ...(abandoned ? { abandoned } : {}) };
}

/** While data is being moved aside, the stamp that is still in place belongs to that data. */
async function stampInPlace(path: string, aside: AsidePlaces): Promise<Stamp | undefined> {
  return (await isMoveUnderWay(aside)) ? undefined : readStamp(path);
}

/** The stamp that is about to be written anew, for its fields that this release does not know. */
async function stampBefore({ stamp }: AgentFiles): Promise<Stamp | undefined> {
  return readStamp(stamp).catch(() => undefined);
}

function sysfsOf({ sysfs = '/sys' }: NodeDiskOptions): string {
  return sysfs;
}

/** Disk 3: a stamp names the volume that it is written to, and no other. */
async function named(options: NodeDiskOptions, stamp: Stamp): Promise<Stamp> {
  const { volume: _, ...rest } = stamp;
  const volume = await volumeOf(options.dataDir, sysfsOf(options));
  return volume === undefined ? rest : { ...rest, volume };
}

/** Leaves undefined facts out, as the model has it. */
function present<T extends object>(facts: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(facts).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** A note that can't be read is none: the name is written again. */
async function readNamed(path: string): Promise<DiskFacts['named']> {
  return parseNamed((await readIfThere(path).catch(() => undefined)) ?? '');
}

async function readVouched(path: string): Promise<Vouched | undefined> {
  return parseVouched((await readIfThere(path).catch(() => undefined)) ?? '');
}

/** Undefined when the file has no usable content. The state then counts as new to the disk. */
async function readState(path: string): Promise<{ lifecycleState: unknown; sinceMs: number } | undefined> {
  try {
    const { lifecycleState, sinceMs } = parseOwnJson('note', (await readIfThere(path)) ?? '', path);
    return isWhole(sinceMs) ? { lifecycleState, sinceMs } : undefined;
  } catch {
    return undefined;
  }
}

/** Changes the one number in the server's data that a recovery may change. */
async function raiseAcceptedEpoch(dataDir: string, epoch: number): Promise<void> {
  const data = join(dataDir, 'version-2');
  const facts = await readDataDirectory(data, AbortSignal.timeout(DATA_READ_LIMIT_MS));
  if (facts === undefined) {
    const half = join(dataDir, '.version-2.new');
    await rm(half, { recursive: true, force: true });
    await makeDirectory(half);
    await writeDurably(join(half, 'acceptedEpoch'), String(epoch));
    await writeDurably(join(half, 'currentEpoch'), '0');
    await renameDurably(half, data);
  } else if (facts.acceptedEpoch < epoch) {
    await writeDurably(join(data, 'acceptedEpoch'), String(epoch));
  }
}

function asidePlaces(options: NodeDiskOptions): AsidePlaces {
  const { dataDir } = options;
  return {
    dataDir,
    stampFile: agentFiles(dataDir).stamp,
    stampHere: (stamp) => named(options, stamp),
    configFiles: () => configFiles(options),
    facts: async () => {
      const signal = AbortSignal.timeout(DATA_READ_LIMIT_MS);
      const note = agentFiles(dataDir).checkedSnapshots;
      const data = await readDataDirectory(join(dataDir, 'version-2'), signal, note);
      // A config that can't be read is left out of these facts, but its file goes along as it is.
      const config = await readConfig(options).catch(() => undefined);
      if (data === undefined) {
        throw unreadable(join(dataDir, 'version-2'));
      }
      return { data, ...(config === undefined ? {} : { config }) };
    },
  };
}
