/**
 * Reports of nodes without quorum, `reports/<instance>.json` (docs/protocol.md, "Recovery by force").
 *
 * Only the node itself writes its report, and every write is conditional. A withdrawn report is not deleted but
 * replaced by a withdrawal, and each body carries a fresh serial: so no write that was cut off and arrives late finds
 * the state that it was meant for, and a withdrawn report can't rise again.
 */
import type { FoundReport, Report } from '../model/records.ts';
import type { ObjectStore } from '../ports.ts';

interface Body {
  readonly serial: string;
  /** Absent once the report is withdrawn. */
  readonly report?: Report;
}

/** What lies under a node's key: the report, if it stands, and the etag that the next write is conditional on. */
interface Slot {
  readonly report: Report | undefined;
  readonly etag: string;
}

const REPORTS = 'reports/';

function reportKey(instance: string): string {
  return `${REPORTS}${instance}.json`;
}

async function readSlot(objects: ObjectStore, instance: string, signal: AbortSignal): Promise<Slot | undefined> {
  const found = await objects.get(reportKey(instance), signal);
  return found && { report: (JSON.parse(found.body) as Body).report, etag: found.etag };
}

/** By key, the etag that was read last. A write that is conditional on an old one fails, so an old one does no harm. */
const seenEtags = new WeakMap<ObjectStore, Map<string, string>>();

function etagsSeenIn(objects: ObjectStore): Map<string, string> {
  const etags = seenEtags.get(objects) ?? new Map<string, string>();
  seenEtags.set(objects, etags);
  return etags;
}

/** The standing reports of all nodes. Rejects unless every one of them could be read. */
export async function readReports(objects: ObjectStore, signal: AbortSignal): Promise<readonly FoundReport[]> {
  const listed = await objects.list(REPORTS, signal);
  return reportsAmong(
    objects,
    listed.map((entry) => entry.key),
    signal,
  );
}

/** The standing reports among these keys, which must be all keys of reports that there are. */
export async function reportsAmong(
  objects: ObjectStore,
  listed: readonly string[],
  signal: AbortSignal,
): Promise<readonly FoundReport[]> {
  return reportsUnder(objects, listed.filter((key) => key.startsWith(REPORTS)).sort(), signal);
}

/** The standing reports of these nodes. Rejects unless every one of them could be read. */
export async function reportsOf(
  objects: ObjectStore,
  instances: readonly string[],
  signal: AbortSignal,
): Promise<readonly FoundReport[]> {
  return reportsUnder(objects, instances.map(reportKey), signal);
}

async function reportsUnder(
  objects: ObjectStore,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<readonly FoundReport[]> {
  const found = await Promise.all(keys.map((key) => objects.get(key, signal)));
  const reports: FoundReport[] = [];
  for (const { key, body, etag, ageMs } of found.filter((object) => object !== undefined)) {
    etagsSeenIn(objects).set(key, etag);
    const { serial, report } = JSON.parse(body) as Body;
    if (report) reports.push({ report, serial, ageMs });
  }
  return reports;
}

/** `conflict`: the slot changed between reading and writing; only a late write of this very node can do that. */
export async function writeReport(
  objects: ObjectStore,
  report: Report,
  serial: string,
  signal: AbortSignal,
): Promise<'written' | 'conflict'> {
  const key = reportKey(report.instance);
  const body = JSON.stringify({ serial, report } satisfies Body);
  // Most nodes have never reported before, and every call keeps a lost quorum waiting.
  if ((await objects.replace(key, body, undefined, signal)) === 'written') return 'written';
  const slot = await readSlot(objects, report.instance, signal);
  return objects.replace(key, body, slot?.etag, signal);
}

/** Withdraws the node's report; `conflict` as above. Without a report there is nothing to do. */
export async function withdrawReport(
  objects: ObjectStore,
  instance: string,
  serial: string,
  signal: AbortSignal,
): Promise<'written' | 'conflict'> {
  const key = reportKey(instance);
  const body = JSON.stringify({ serial } satisfies Body);
  // The look of a moment ago has read the report already, as a rule, and a lost quorum waits for every call.
  const seen = etagsSeenIn(objects).get(key);
  if (seen !== undefined && (await objects.replace(key, body, seen, signal)) === 'written') return 'written';
  const slot = await readSlot(objects, instance, signal);
  return objects.replace(key, body, slot?.etag, signal);
}
