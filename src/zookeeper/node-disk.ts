/** The node's own disk, as the ports want it: what it says, and every change the agent makes to it. */
import { readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../errors.ts';
import { adviceText, refusedData } from '../model/advice.ts';
import type { DiskFacts, Fence, Stamp } from '../model/disk.ts';
import type { NodeDisk } from '../ports.ts';
import type { TickSettings } from '../timings.ts';
import { agentFiles } from './agent-files.ts';
import { type AsidePlaces, copyAside, copyBack, isMoveUnderWay, listAside, moveAside, settle } from './aside.ts';
import { configFiles, readConfig, readPending, writeConfig } from './config-directory.ts';
import { readDataDirectory } from './data-directory.ts';
import { explained } from './disk-errors.ts';
import { isThere, makeDirectory, readIfThere, removeDurably, renameDurably, writeDurably } from './durable-file.ts';
import { removeLeftovers, syncPlaces } from './leftovers.ts';
import { noteOccasion, readOccasions } from './occasions.ts';
import { formatJson, isWhole, parseJson, parseStamp, unreadable } from './stamp.ts';

/** A whole `version-2` may have to be read before it is changed. */
const DATA_READ_LIMIT_MS = 600_000;

export interface NodeDiskOptions {
  /** The server's `dataDir`; it must exist. */
  readonly dataDir: string;
  readonly confDir: string;
  /** `<dataDir>/myid`, unless told otherwise. */
  readonly idFile: string;
  /** The version-less dynamic file, `<confDir>/zoo.cfg.dynamic` unless told otherwise. */
  readonly dynamicFile: string;
  readonly cluster: string;
  readonly tick: TickSettings;
}

export function nodeDisk(options: NodeDiskOptions): NodeDisk {
  const { dataDir } = options;
  const files = agentFiles(dataDir);
  const aside = asidePlaces(options);
  let prepared = false;
  // One at a time: a step makes them, and a step is awaited.
  const change = (action: () => Promise<void>): Promise<void> =>
    explained(async () => {
      // What an earlier run left comes first, and what a failed change of this one left.
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
    writeStamp: (stamp) => writeOwn(files.stamp, formatJson(stamp)),
    writeConfig: (members) => change(() => writeConfig(options, members)),
    raiseAcceptedEpoch: (epoch) => change(() => raiseAcceptedEpoch(dataDir, epoch)),
    setDataAside: (name) => change(() => moveAside(aside, name)),
    copyDataAside: (name) => change(() => copyAside(aside, name)),
    restoreAside: (name) =>
      change(async () => {
        await makeDirectory(files.directory);
        await copyBack(aside, name);
      }),
    raiseFence: (fence) => writeOwn(files.fence, formatJson(fence)),
    liftFence: () => change(() => removeDurably(files.fence)),
    mark: (name) => writeOwn(files.mark(name), ''),
    unmark: (name) => change(() => removeDurably(files.mark(name))),
    note: (occasion, nowMs) =>
      change(async () => {
        await makeDirectory(files.directory);
        await noteOccasion(files.occasions, occasion, nowMs);
      }),
    inStateSince: async (lifecycleState, nowMs) => {
      const noted = await explained(() => readState(files.lifecycleState));
      if (noted?.lifecycleState === lifecycleState) return noted.sinceMs;
      // Beside a step, and perhaps beside its copy, so this one clears nothing away.
      await explained(async () => {
        await makeDirectory(files.directory);
        await writeDurably(files.lifecycleState, formatJson({ lifecycleState, sinceMs: nowMs }));
      });
      return nowMs;
    },
  };
}

async function readDisk(options: NodeDiskOptions, places: AsidePlaces, signal: AbortSignal): Promise<DiskFacts> {
  const { dataDir, confDir, cluster } = options;
  const files = agentFiles(dataDir);
  signal.throwIfAborted();
  // A disk that is not mounted must not look like a node without data.
  await readdir(dataDir);
  const [occasions, freeShare] = await Promise.all([readOccasions(files.occasions), freeShareOf(dataDir)]);
  // All at once: each is a file or two, and a look waits for the slowest alone.
  const [id, stamp, nonce, data, fence, config, pending, marker, left, reported, ready, signalled, aside] =
    await Promise.all([
      readId(options.idFile),
      readStamp(files.stamp, places, cluster),
      readIfThere(files.nonce).then((text) => text?.trim()),
      readDataDirectory(join(dataDir, 'version-2'), signal, files.checkedSnapshots),
      readFence(files.fence),
      readConfig(confDir),
      readPending(confDir),
      isThere(join(dataDir, 'initialize')),
      isThere(files.mark('left')),
      isThere(files.mark('reported')),
      isThere(files.mark('ready')),
      isThere(files.mark('signalled')),
      listAside(places, cluster),
    ]);
  const facts = present({ id, stamp, nonce, data, fence, config, pending, freeShare });
  return { ...facts, marker, left, reported, ready, signalled, aside, occasions };
}

/** Of what the server's user may fill; undefined when the file system does not say. */
async function freeShareOf(directory: string): Promise<number | undefined> {
  const facts = await statfs(directory).catch(() => undefined);
  if (facts === undefined) return undefined;
  const { bavail, bfree, blocks } = facts;
  const size = blocks - (bfree - bavail);
  return size > 0 ? bavail / size : undefined;
}

/** Absent facts are absent members, as the model has it. */
function present<T extends object>(facts: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(facts).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

async function readId(path: string): Promise<number | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) {
    return undefined;
  }
  const id = Number(text.trim());
  if (!/^\d{1,3}$/.test(text.trim()) || id < 1 || id > 255) {
    throw new AgentError(
      'BAD_ID_FILE',
      `${path} should hold the server's id, a number from 1 to 255, but holds ${JSON.stringify(text.slice(0, 40))}.`,
      'Write the id that the node has in /zookeeper/config into it; it has none when it never was a member, see the runbook.',
    );
  }
  return id;
}

async function readStamp(path: string, aside: AsidePlaces, cluster: string): Promise<Stamp | undefined> {
  const text = await readIfThere(path);
  if (text === undefined || (await isMoveUnderWay(aside))) {
    return undefined;
  }
  const stamp = parseStamp(text, path);
  if (stamp.cluster !== cluster) {
    throw new AgentError(
      'DATA_OF_ANOTHER_CLUSTER',
      `The data directory belongs to the cluster ${stamp.cluster} (${path}), but this node is of the cluster ${cluster}.`,
      adviceText(refusedData()),
    );
  }
  return stamp;
}

async function readState(path: string): Promise<{ lifecycleState: unknown; sinceMs: number } | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) {
    return undefined;
  }
  const { lifecycleState, sinceMs } = parseJson(text, path);
  if (!isWhole(sinceMs)) {
    throw unreadable(path);
  }
  return { lifecycleState, sinceMs };
}

async function readFence(path: string): Promise<Fence | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) {
    return undefined;
  }
  const { record } = parseJson(text, path);
  if (!isWhole(record)) {
    throw unreadable(path);
  }
  return { record };
}

/** The one number that a recovery may change in the server's data. */
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
  const { dataDir, confDir } = options;
  return {
    dataDir,
    stampFile: agentFiles(dataDir).stamp,
    configFiles: () => configFiles(options),
    facts: async () => {
      const signal = AbortSignal.timeout(DATA_READ_LIMIT_MS);
      const note = agentFiles(dataDir).checkedSnapshots;
      const data = await readDataDirectory(join(dataDir, 'version-2'), signal, note);
      const config = await readConfig(confDir);
      if (data === undefined) {
        throw unreadable(join(dataDir, 'version-2'));
      }
      return { data, ...(config === undefined ? {} : { config }) };
    },
  };
}
