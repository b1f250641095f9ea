// SPDX-License-Identifier: Apache-2.0
/**
 * Reports of nodes without quorum, `reports/<instance>.json` (docs/protocol.md, "Recovery by force").
 *
 * Only the node itself writes its report, and every write is conditional. A withdrawn report is not deleted but
 * replaced by a withdrawal, and each body has a fresh serial. So a write that was cut off and arrives late never finds
 * the state that it was meant for. A withdrawn report can't come back.
 *
 * The node is released from what a report binds it to before anything takes the report's place. The report may be from
 * an earlier process of this node.
 */
import { FORMATS } from '../model/formats.ts';
import type { Binding, FoundReport, Report, UnreadableObject } from '../model/records.ts';
import type { ListedObject, ObjectStore, StoredObject } from '../ports.ts';
import { memoryOfStore } from './memory-of-store.ts';
import { remembered } from './remembered.ts';
import { type Body, parseBody, textOf } from './report-body.ts';

/** What is under a node's key: the body, or why it is none, and the etag on which the next write is conditional. */
export interface Slot {
  readonly body: Body | string;
  readonly etag: string;
}

/** Ends everything that the slot binds the node to, or rejects. The slot may be replaced only after that. */
export type Unbind = (slot: Slot) => Promise<void>;

/** Everything under the keys of reports. */
interface Reports {
  readonly reports: readonly FoundReport[];
  readonly unreadable: readonly UnreadableObject[];
}

const REPORTS = 'reports/';

function reportKey(instance: string): string {
  return `${REPORTS}${instance}.json`;
}

/** The instance whose report has this key. Undefined for a key that is not ours. */
const instanceIn = remembered((key) =>
  key.startsWith(REPORTS) ? /^reports\/(i-[^/]+)\.json$/.exec(key)?.[1] : undefined,
);

/**
 * By key, the slot that was read last. An old slot does no harm: a write that is conditional on it fails. While a list
 * of objects gives the same etag, the report is still this one, and is not read again.
 */
const slotsSeenIn = memoryOfStore(() => new Map<string, Slot>());

function slotIn(objects: ObjectStore, instance: string, { key, body, etag }: StoredObject): Slot {
  const slot = { body: parseBody(body, instance), etag };
  slotsSeenIn(objects).set(key, slot);
  return slot;
}

async function readSlot(objects: ObjectStore, instance: string, signal: AbortSignal): Promise<Slot | undefined> {
  const found = await objects.get(reportKey(instance), signal);
  return found && slotIn(objects, instance, found);
}

/** The reports of all nodes. Rejects unless every one of them could be read. */
export async function readReports(objects: ObjectStore, signal: AbortSignal): Promise<Reports> {
  return reportsAmong(objects, await objects.list(REPORTS, signal), signal);
}

/** The reports among these objects, which must include all reports. Keys of another form belong to no node. */
export async function reportsAmong(
  objects: ObjectStore,
  listed: readonly ListedObject[],
  signal: AbortSignal,
): Promise<Reports> {
  const known = slotsSeenIn(objects);
  const asked: Promise<Found | undefined>[] = [];
  for (const { key, etag, ageMs } of listed) {
    const instance = instanceIn(key);
    if (instance === undefined) continue;
    const slot = known.get(key);
    asked.push(
      slot?.etag === etag ? Promise.resolve({ instance, slot, key, ageMs }) : readReport(objects, instance, signal),
    );
  }
  const found = (await Promise.all(asked)).filter((each) => each !== undefined);
  return reportsIn(found.sort((a, b) => (a.instance < b.instance ? -1 : 1)));
}

/** The reports of these nodes. Rejects unless every one of them could be read. */
export async function reportsOf(
  objects: ObjectStore,
  instances: readonly string[],
  signal: AbortSignal,
): Promise<Reports> {
  return reportsIn(await Promise.all(instances.map((instance) => readReport(objects, instance, signal))));
}

/** What is under a node's key, as it was listed or read. */
interface Found {
  readonly instance: string;
  readonly key: string;
  readonly ageMs: number;
  readonly slot: Slot;
}

async function readReport(objects: ObjectStore, instance: string, signal: AbortSignal): Promise<Found | undefined> {
  const found = await objects.get(reportKey(instance), signal);
  return found && { instance, key: found.key, ageMs: found.ageMs, slot: slotIn(objects, instance, found) };
}

function reportsIn(all: readonly (Found | undefined)[]): Reports {
  const reports: FoundReport[] = [];
  const unreadable: UnreadableObject[] = [];
  for (const found of all) {
    if (found === undefined) continue;
    const { instance, key, slot, ageMs } = found;
    const { body } = slot;
    if (typeof body === 'string') unreadable.push({ instance, key, why: body });
    else if (body.report) reports.push(foundIn(body, body.report, ageMs));
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
  return objects.replace(key, textOf(body), slot?.etag, signal);
}

/** `conflict`: the slot changed between reading and writing. Only a late write of this very node can do that. */
export async function writeReport(
  objects: ObjectStore,
  { report, serial }: { readonly report: Report; readonly serial: string },
  release: Unbind,
  signal: AbortSignal,
): Promise<'written' | 'conflict'> {
  const { instance } = report;
  const body = { format: FORMATS.report, serial, report };
  // The last look has read the report, if there is one, and another call would delay a node whose quorum is lost.
  const seen = slotsSeenIn(objects).get(reportKey(instance));
  if (seen) await release(seen);
  if ((await replaceSlot(objects, instance, seen, body, signal)) === 'written') return 'written';
  return overwrite(objects, instance, body, release, signal);
}

/**
 * Withdraws the node's report. `conflict`: as for `writeReport`. A withdrawal is written even if there is no report.
 */
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

/** Whether there is a report of this node, even one that can't be understood. */
export async function stands(objects: ObjectStore, instance: string, signal: AbortSignal): Promise<boolean> {
  const slot = await readSlot(objects, instance, signal);
  return slot !== undefined && (typeof slot.body === 'string' || slot.body.report !== undefined);
}

interface NewBinding {
  readonly instance: string;
  /** The serial of the report that the decision was about. */
  readonly from: string;
  readonly serial: string;
  readonly binds: Binding;
}

/** Binds the node by its report. `conflict`: this is not the report that the decision was about. */
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
