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
  const keys = listed.filter((key) => key.startsWith(REPORTS));
  const found = await Promise.all(keys.sort().map((key) => objects.get(key, signal)));
  const reports: FoundReport[] = [];
  for (const object of found) {
    const body = object && (JSON.parse(object.body) as Body);
    if (body?.report) reports.push({ report: body.report, serial: body.serial, ageMs: object?.ageMs ?? 0 });
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
  const slot = await readSlot(objects, instance, signal);
  const body: Body = { serial };
  return objects.replace(reportKey(instance), JSON.stringify(body), slot?.etag, signal);
}
