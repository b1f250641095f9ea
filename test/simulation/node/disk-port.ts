// SPDX-License-Identifier: Apache-2.0
/** The port `NodeDisk` of a simulated node; each method is one durable, atomic effect, as the real one promises. */
import { AgentError } from '../../../src/errors.ts';
import type { Occasions, Stamp } from '../../../src/model/disk.ts';
import type { NodeDisk } from '../../../src/ports.ts';
import type { Lines } from '../zookeeper/lines.ts';
import { AsideLimits } from './aside-limits.ts';
import { blankData, copyOfData, type DiskState, diskFacts } from './disk-state.ts';
import type { Run } from './run.ts';

const NO_SPACE = () => new AgentError('NO_SPACE', 'The disk is full.', 'Free some space.');
const FAILED = () => new AgentError('BAD_DATA_DIRECTORY', 'A write to the disk failed.', 'Look at the disk.');

function freeName(disk: DiskState, name: string): string {
  const taken = (candidate: string): boolean => disk.aside.some((aside) => aside.name === candidate);
  let candidate = name;
  for (let number = 2; taken(candidate); number++) candidate = `${name}-${number}`;
  return candidate;
}

/** What stands in `aside` keeps its name, as on a real disk: another one of this name gets a number. */
export function moveAside(disk: DiskState, name: string): void {
  if (!disk.data) return;
  const { data, config, torn } = disk;
  const stamp = torn.has('stamp') ? undefined : disk.stamp;
  disk.aside.push({ name: freeName(disk, name), stamp, data, config });
  disk.data = undefined;
  if (!torn.has('stamp')) disk.stamp = undefined;
}

export function diskPort(
  run: Run,
  disk: DiskState,
  lines: Lines,
  noted: (occasion: keyof Occasions) => void,
): NodeDisk {
  const limits = new AsideLimits(run.scheduler, disk);
  const write = (label: string, change: () => void): Promise<void> =>
    run.local(`disk ${label}`, () => {
      if (disk.full) throw NO_SPACE();
      if (run.additions.strikes('disk-fails')) throw FAILED();
      change();
    });
  const here = (stamp: Stamp): Stamp => ({ ...stamp, ...(disk.volume === undefined ? {} : { volume: disk.volume }) });
  return {
    read: () => run.look('disk read', () => limits.seen(diskFacts(disk, lines)), 1),
    isFenced: () => run.look('disk fenced?', () => disk.fence !== undefined, 1),
    writeId: (id) =>
      write(`writeId ${id}`, () => {
        disk.id = id;
        disk.isCopiedId = false;
        disk.torn.delete('id');
      }),
    writeNonce: (nonce) =>
      write('writeNonce', () => {
        disk.nonce = nonce;
        disk.torn.delete('nonce');
      }),
    writeMarker: () =>
      write('writeMarker', () => {
        disk.marker = true;
      }),
    writeStamp: (stamp) =>
      write(`writeStamp ${stamp.lineage}`, () => {
        disk.stamp = here(stamp);
        disk.torn.delete('stamp');
      }),
    writeConfig: (config) =>
      write(`writeConfig ${config.members.map((member) => `${member.id}${member.role[0]}`).join(' ')}`, () => {
        disk.config = config;
        disk.pending = undefined;
        disk.torn.delete('config');
        disk.torn.delete('pending');
      }),
    // Settings are no part of the model.
    hasOtherSettings: async () => false,
    writeSettings: async () => undefined,
    writeCommitted: (config) =>
      write(`writeCommitted ${config.version}`, () => {
        disk.config = config;
        disk.torn.delete('config');
      }),
    raiseAcceptedEpoch: (epoch) =>
      write(`raiseAcceptedEpoch ${epoch}`, () => {
        disk.data ??= blankData(0);
        disk.data.acceptedEpoch = Math.max(disk.data.acceptedEpoch, epoch);
      }),
    setDataAside: (name) =>
      write(`setDataAside ${name}`, () => {
        limits.check();
        moveAside(disk, name);
      }),
    setCopyAside: (name) =>
      write(`setCopyAside ${name}`, () => {
        limits.check();
        disk.marker = false;
        disk.nonce = undefined;
        disk.torn.delete('nonce');
        moveAside(disk, name);
        disk.stamp = undefined;
      }),
    copyDataAside: (name) =>
      write(`copyDataAside ${name}`, () => {
        const data = disk.data;
        if (!data) return;
        const there = disk.aside.some((aside) => aside.name.startsWith(name) && aside.data.log === data.log);
        if (there) return;
        const { stamp, config } = disk;
        disk.aside.push({ name: freeName(disk, name), stamp, data: copyOfData(data), config });
      }),
    restoreAside: (name) =>
      write(`restoreAside ${name}`, () => {
        const aside = disk.aside.find((each) => each.name === name);
        if (disk.data) throw new AgentError('PRECONDITION_CHANGED', 'There is data on the disk.', 'Nothing.');
        if (!aside) throw new AgentError('BAD_DATA_DIRECTORY', `Nothing is set aside as ${name}.`, 'Look.');
        disk.data = copyOfData(aside.data);
        disk.stamp = aside.stamp ? here(aside.stamp) : disk.stamp;
        if (aside.stamp) disk.torn.delete('stamp');
      }),
    raiseFence: (fence) =>
      write(`raiseFence ${fence.record}`, () => {
        disk.fence = fence;
        disk.torn.delete('fence');
      }),
    liftFence: () =>
      write('liftFence', () => {
        disk.fence = undefined;
        disk.torn.delete('fence');
      }),
    mark: (name) =>
      write(`mark ${name}`, () => {
        disk[name] = true;
      }),
    unmark: (name) =>
      write(`unmark ${name}`, () => {
        disk[name] = false;
      }),
    noteFailedStart: (why) =>
      write('noteFailedStart', () => {
        if (disk.data) disk.data.failed = why;
      }),
    vouch: (version, _members) =>
      write(`vouch ${version}`, () => {
        disk.vouched = version;
      }),
    noteName: (place, generation) =>
      write(`noteName ${place}.${generation}`, () => {
        disk.named = { place, generation };
      }),
    note: (occasion, nowMs) =>
      write(`note ${occasion}`, () => {
        noted(occasion);
        disk.occasions = { ...disk.occasions, [occasion]: [...disk.occasions[occasion], nowMs] };
      }),
    inStateSince: (lifecycleState, nowMs) =>
      run.local(`disk in ${lifecycleState}`, () => {
        if (disk.lifecycle?.lifecycleState !== lifecycleState) disk.lifecycle = { lifecycleState, sinceMs: nowMs };
        return disk.lifecycle.sinceMs;
      }),
  };
}
