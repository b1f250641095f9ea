// SPDX-License-Identifier: Apache-2.0
/**
 * Lineage records, the outcomes of proposals for them, and the announcements of first starts (docs/protocol.md,
 * "Genesis", "Recovery by force"). All are created once. Creating one returns what is there afterwards, which may be
 * another node's.
 */
import type { Outcome } from '../model/proposals.ts';
import type { Announcement, LineageRecord } from '../model/records.ts';
import type { ObjectStore } from '../ports.ts';
import { badObject, bodyOf, fieldsOf, recordInside } from './body.ts';
import { createSettled, readAllSettled, readSettled, settledKeys } from './settled.ts';

export function numberName(number: number): string {
  return String(number).padStart(6, '0');
}

function recordKey(number: number): string {
  return `lineage/${numberName(number)}.json`;
}

const RECORD_KEY_LENGTH = recordKey(1).length;

function isRecordKey(key: string): boolean {
  return key.length === RECORD_KEY_LENGTH && /^lineage\/\d{6}\.json$/.test(key);
}

function startedKey(record: number, id: number): string {
  return `lineage/${numberName(record)}/started/${id}.json`;
}

function outcomeKey(record: number, proposal: string): string {
  return `lineage/${numberName(record)}/outcomes/${proposal}.json`;
}

/** All lineage records, oldest first; the last one is the newest. */
export async function readRecords(objects: ObjectStore, signal: AbortSignal): Promise<readonly LineageRecord[]> {
  const listed = await objects.list('lineage/', signal);
  return recordsAmong(
    objects,
    listed.map((entry) => entry.key),
    signal,
  );
}

/**
 * The records among these keys, which must be the keys of all records. A record that this process has read or created
 * exists, whatever a list says later.
 */
export async function recordsAmong(
  objects: ObjectStore,
  listed: readonly string[],
  signal: AbortSignal,
): Promise<readonly LineageRecord[]> {
  const named = new Set(listed.filter(isRecordKey));
  for (const key of settledKeys(objects)) if (isRecordKey(key)) named.add(key);
  const keys = [...named].sort();
  const bodies = await readAllSettled(objects, keys, signal);
  return bodies.map((body, index) => {
    const number = index + 1;
    // With a record missing in between, an older record could be taken for the newest one.
    if (body === undefined || keys[index] !== recordKey(number)) {
      throw new Error(`Lineage record ${number} can't be read.`);
    }
    return recordIn(body, number);
  });
}

function recordIn(body: string, number: number): LineageRecord {
  const record = fieldsOf('record', body, recordKey(number));
  if (record.number !== number) throw badObject(recordKey(number), 'record');
  return record as unknown as LineageRecord;
}

/** Creates the record unless its number is taken. Returns the record that has the number now. */
export async function createRecord(
  objects: ObjectStore,
  record: LineageRecord,
  signal: AbortSignal,
): Promise<LineageRecord> {
  const there = await createSettled(objects, recordKey(record.number), bodyOf('record', record), signal);
  if (there === undefined) throw badObject(recordKey(record.number), 'record');
  return recordIn(there, record.number);
}

/** Announces a first start. Returns the announcement that stands; another nonce in it means another disk. */
export async function announceStart(
  objects: ObjectStore,
  announcement: Announcement,
  signal: AbortSignal,
): Promise<Announcement> {
  const key = startedKey(announcement.record, announcement.id);
  const there = await createSettled(objects, key, bodyOf('announcement', announcement), signal);
  return announcementIn(there, key);
}

function announcementIn(body: string | undefined, key: string): Announcement {
  const announcement = fieldsOf('announcement', body, key);
  const { record, id } = announcement as unknown as Announcement;
  if (startedKey(record, id) !== key) throw badObject(key, 'announcement');
  return announcement as unknown as Announcement;
}

/**
 * The announcements of the members of these records. Each is read by its key. If they were listed, an empty answer
 * would look like a cluster that never started.
 */
export async function readAnnouncements(
  objects: ObjectStore,
  records: readonly LineageRecord[],
  signal: AbortSignal,
): Promise<readonly Announcement[]> {
  const keys: string[] = [];
  for (const record of records) {
    if (record.kind === 'genesis') for (const { id } of record.members) keys.push(startedKey(record.number, id));
  }
  const bodies = await readAllSettled(objects, keys, signal);
  const announcements: Announcement[] = [];
  for (const [index, key] of keys.entries()) {
    const body = bodies[index];
    if (body !== undefined) announcements.push(announcementIn(body, key));
  }
  return announcements;
}

/** Settles a proposal unless that was done before. Returns the outcome that stands. */
export async function createOutcome(objects: ObjectStore, outcome: Outcome, signal: AbortSignal): Promise<Outcome> {
  const number = outcome.kind === 'founded' ? outcome.record.number : outcome.number;
  const key = outcomeKey(number, outcome.proposal);
  const written = outcome.kind === 'founded' ? { ...outcome, record: recordInside(outcome.record) } : outcome;
  const there = await createSettled(objects, key, bodyOf('outcome', written), signal);
  return parseOutcome(key, there);
}

/** The outcomes of proposals for this record among these keys, which must be all keys. */
export async function outcomesAmong(
  objects: ObjectStore,
  listed: readonly string[],
  record: number,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const room = `lineage/${numberName(record)}/outcomes/`;
  const keys = listed.filter((key) => key.startsWith(room) && /^[^/]+\.json$/.test(key.slice(room.length))).sort();
  return Promise.all(keys.map(async (key) => parseOutcome(key, await readSettled(objects, key, signal))));
}

/** A node that takes one outcome for the other founds a second history. So a body that does not fit is no outcome. */
function parseOutcome(key: string, body: string | undefined): Outcome {
  const outcome = fieldsOf('outcome', body, key);
  if (!key.endsWith(`/${outcome.proposal}.json`)) throw badObject(key, 'outcome');
  return outcome as unknown as Outcome;
}
