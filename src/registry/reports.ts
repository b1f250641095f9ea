// SPDX-License-Identifier: Apache-2.0
/**
 * Reports of nodes without quorum, `reports/<instance>.json` (docs/protocol.md, "Recovery by force").
 *
 * Only the node itself writes its report, and every write is conditional. A withdrawn report is not deleted but
 * replaced by a withdrawal, and each body carries a fresh serial: so no write that was cut off and arrives late finds
 * the state that it was meant for, and a withdrawn report can't rise again. What a report binds its node to is released
 * before anything takes its place, whoever wrote it: an earlier process of this node may have.
 */
import { FORMATS } from '../model/formats.ts';
import type { Binding, FoundReport, Report, UnreadableReport } from '../model/records.ts';
import type { ObjectStore, StoredObject } from '../ports.ts';
import { remembered } from './remembered.ts';
import { type Body, parseBody } from './report-body.ts';

/** What lies under a node's key: the body, or why it is none, and the etag that the next write is conditional on. */
export interface Slot {
  readonly body: Body | string;
  readonly etag: string;
}

/** Ends whatever the slot binds the node to, or rejects: only then may it be replaced. */
export type Unbind = (slot: Slot) => Promise<void>;

/** All that lies under the keys of reports. */
interface Reports {
  readonly reports: readonly FoundReport[];
  readonly unreadable: readonly UnreadableReport[];
}

const REPORTS = 'reports/';

function reportKey(instance: string): string {
  return `${REPORTS}${instance}.json`;
}

/** The instance whose report lies under this key; undefined for a key that is none of ours. */
const instanceIn = remembered((key) =>
  key.startsWith(REPORTS) ? /^reports\/(i-[^/]+)\.json$/.exec(key)?.[1] : undefined,
);

/** By key, the slot that was read last. A write that is conditional on an old one fails, so an old one does no harm. */
const seenSlots = new WeakMap<ObjectStore, Map<string, Slot>>();

function slotsSeenIn(objects: ObjectStore): Map<string, Slot> {
  const known = seenSlots.get(objects);
  if (known) return known;
  const slots = new Map<string, Slot>();
  seenSlots.set(objects, slots);
  return slots;
}

function slotIn(objects: ObjectStore, instance: string, { key, body, etag }: StoredObject): Slot {
  const slot = { body: parseBody(body, instance), etag };
  slotsSeenIn(objects).set(key, slot);
  return slot;
}

async function readSlot(objects: ObjectStore, instance: string, signal: AbortSignal): Promise<Slot | undefined> {
  const found = await objects.get(reportKey(instance), signal);
  return found && slotIn(objects, instance, found);
}

/** The reports of all nodes. Rejects unless every one of them could be had. */
export async function readReports(objects: ObjectStore, signal: AbortSignal): Promise<Reports> {
  const listed = await objects.list(REPORTS, signal);
  return reportsAmong(
    objects,
    listed.map((entry) => entry.key),
    signal,
  );
}

/** The reports among these keys, which must be all keys of reports that there are. Others are nobody's. */
export async function reportsAmong(
  objects: ObjectStore,
  listed: readonly string[],
  signal: AbortSignal,
): Promise<Reports> {
  const instances = listed.map(instanceIn).filter((instance) => instance !== undefined);
  return reportsUnder(objects, instances.sort(), signal);
}

/** The reports of these nodes. Rejects unless every one of them could be had. */
export async function reportsOf(
  objects: ObjectStore,
  instances: readonly string[],
  signal: AbortSignal,
): Promise<Reports> {
  return reportsUnder(objects, instances, signal);
}

async function reportsUnder(objects: ObjectStore, instances: readonly string[], signal: AbortSignal): Promise<Reports> {
  const found = await Promise.all(instances.map((instance) => objects.get(reportKey(instance), signal)));
  const reports: FoundReport[] = [];
  const unreadable: UnreadableReport[] = [];
  for (const [index, object] of found.entries()) {
    const instance = instances[index];
    if (object === undefined || instance === undefined) continue;
    const { body } = slotIn(objects, instance, object);
    if (typeof body === 'string') unreadable.push({ instance, key: object.key, why: body });
    else if (body.report) reports.push(foundIn(body, body.report, object.ageMs));
  }
  return { reports, unreadable };
}

function foundIn({ serial, format, facts, binds }: Body, report: Report, ageMs: number): FoundReport {
  return {
    report,
    serial,
    ageMs,
    ...(format === undefined ? {} : { format }),
    ...(facts === undefined || facts === serial ? {} : { facts }),
    ...(binds === undefined ? {} : { binds }),
  };
}

async function replaceSlot(
  objects: ObjectStore,
  instance: string,
  slot: Slot | undefined,
  body: Body,
  signal: AbortSignal,
): Promise<'written' | 'conflict'> {
  const key = reportKey(instance);
  slotsSeenIn(objects).delete(key);
  return objects.replace(key, JSON.stringify(body), slot?.etag, signal);
}

/** `conflict`: the slot changed between reading and writing; only a late write of this very node can do that. */
export async function writeReport(
  objects: ObjectStore,
  { report, serial }: { readonly report: Report; readonly serial: string },
  release: Unbind,
  signal: AbortSignal,
): Promise<'written' | 'conflict'> {
  const { instance } = report;
  const body = { format: FORMATS.report, serial, report };
  // The look of a moment ago has read the report, if there is one, and every call keeps a lost quorum waiting.
  const seen = slotsSeenIn(objects).get(reportKey(instance));
  if (seen) await release(seen);
  if ((await replaceSlot(objects, instance, seen, body, signal)) === 'written') return 'written';
  return overwrite(objects, instance, body, release, signal);
}

/** Withdraws the node's report; `conflict` as above. Where there is none the place is taken all the same. */
export async function withdrawReport(
  objects: ObjectStore,
  { instance, serial }: { readonly instance: string; readonly serial: string },
  release: Unbind,
  signal: AbortSignal,
): Promise<'written' | 'conflict'> {
  const body = { format: FORMATS.report, serial };
  const seen = slotsSeenIn(objects).get(reportKey(instance));
  if (seen) await release(seen);
  if (seen && (await replaceSlot(objects, instance, seen, body, signal)) === 'written') return 'written';
  return overwrite(objects, instance, body, release, signal);
}

async function overwrite(
  objects: ObjectStore,
  instance: string,
  body: Body,
  release: Unbind,
  signal: AbortSignal,
): Promise<'written' | 'conflict'> {
  const slot = await readSlot(objects, instance, signal);
  if (slot) await release(slot);
  return replaceSlot(objects, instance, slot, body, signal);
}

/** Whether a report of this node stands, be it one that can't be understood. */
export async function stands(objects: ObjectStore, instance: string, signal: AbortSignal): Promise<boolean> {
  const slot = await readSlot(objects, instance, signal);
  return slot !== undefined && (typeof slot.body === 'string' || slot.body.report !== undefined);
}

interface NewBinding {
  readonly instance: string;
  /** The serial of the standing report that was judged. */
  readonly from: string;
  readonly serial: string;
  readonly binds: Binding;
}

/** Binds the node by its standing report; `conflict` when that is another one than was judged. */
export async function bindReport(
  objects: ObjectStore,
  { instance, from, serial, binds }: NewBinding,
  release: Unbind,
  signal: AbortSignal,
): Promise<'written' | 'conflict'> {
  const slot = slotsSeenIn(objects).get(reportKey(instance)) ?? (await readSlot(objects, instance, signal));
  if (slot === undefined || typeof slot.body === 'string' || slot.body.report === undefined) return 'conflict';
  const { body } = slot;
  if (body.serial !== from) return JSON.stringify(body.binds) === JSON.stringify(binds) ? 'written' : 'conflict';
  await release(slot);
  const facts = body.facts ?? body.serial;
  return replaceSlot(objects, instance, slot, { ...body, format: FORMATS.report, serial, facts, binds }, signal);
}
