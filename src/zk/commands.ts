// SPDX-License-Identifier: Apache-2.0
/** What each command of `zk-agent zk` does with a client. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { ZnodeEvent, ZookeeperClient } from '../client/index.ts';
import { batchesOf } from './batches.ts';
import type { ZkFlags } from './command-line.ts';
import { exportTree } from './export.ts';
import { importTree } from './import.ts';
import { createParents } from './parents.ts';
import { aclText, dataJson, hex, statJson, table, treeText } from './show.ts';
import { STANDARD_INPUT } from './standard-input.ts';
import { SERVERS_OWN, walk } from './walk.ts';
import { ZkError } from './zk-error.ts';
import { readExport } from './znode-line.ts';

interface ZkWork {
  readonly client: ZookeeperClient;
  readonly flags: ZkFlags;
  readonly signal: AbortSignal;
  readonly input: NodeJS.ReadableStream;
  /** Resolves when the text is on its way, so that a slow reader is waited for. */
  write(text: string | Uint8Array): Promise<void>;
  /** For people alone, on standard error. */
  note(text: string): void;
}

export const ZK_COMMANDS: Readonly<Record<string, (work: ZkWork) => Promise<void>>> = {
  get,
  set,
  create,
  ls,
  tree,
  stat,
  rm,
  watch,
  acl,
  config,
  export: exportAll,
  import: importAll,
};

function pathOf({ flags }: ZkWork): string {
  return typeof flags.path === 'string' ? flags.path : '/';
}

/** As JSON with --json, else as text. */
async function tell({ flags, write }: ZkWork, json: unknown, plain: string): Promise<void> {
  await write(flags.json === true ? `${JSON.stringify(json)}\n` : plain);
}

async function get(work: ZkWork): Promise<void> {
  const path = pathOf(work);
  const { data, stat } = await work.client.get(path, { signal: work.signal });
  if (work.flags.json === true) await tell(work, { path, ...dataJson(data), stat: statJson(stat) }, '');
  else await work.write(data);
}

async function dataOf({ flags, input }: ZkWork): Promise<Buffer> {
  if (flags.data !== STANDARD_INPUT) return Buffer.from(typeof flags.data === 'string' ? flags.data : '');
  const parts: Buffer[] = [];
  for await (const part of input) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

function versionOf({ version }: ZkFlags): { readonly version?: number } {
  if (version === undefined) return {};
  if (!Number.isSafeInteger(version)) throw new ZkError('BAD_OPTION', '--version has to be a whole number.');
  return { version: Number(version) };
}

async function set(work: ZkWork): Promise<void> {
  const path = pathOf(work);
  const options = { ...versionOf(work.flags), signal: work.signal };
  const stat = await work.client.set(path, await dataOf(work), options);
  await tell(work, { path, stat: statJson(stat) }, '');
}

async function create(work: ZkWork): Promise<void> {
  const { client, flags, signal } = work;
  const { ttlMs } = flags;
  if (flags.parents === true) await createParents(client, pathOf(work), signal);
  const mode = {
    ...(flags.sequential === true ? { sequential: true } : {}),
    ...(flags.container === true ? { container: true } : {}),
    ...(typeof ttlMs === 'number' ? { ttlMs } : {}),
  };
  const path = await client.create(pathOf(work), { data: await dataOf(work), ...mode, signal });
  await tell(work, { path }, `${path}\n`);
}

async function ls(work: ZkWork): Promise<void> {
  const path = pathOf(work);
  const { children, stat } = await work.client.getChildren(path, { signal: work.signal });
  const sorted = children.toSorted();
  await tell(work, { path, children: sorted, stat: statJson(stat) }, sorted.map((name) => `${name}\n`).join(''));
}

async function tree(work: ZkWork): Promise<void> {
  const { client, flags, signal } = work;
  const [depth, most] = [flags.depth, flags.most].map((value) => (typeof value === 'number' ? value : undefined));
  const found = await walk(client, pathOf(work), { signal, depth, most });
  await tell(
    work,
    found.map(({ path }) => path),
    treeText(found),
  );
}

async function stat(work: ZkWork): Promise<void> {
  const path = pathOf(work);
  const found = statJson((await work.client.get(path, { signal: work.signal })).stat);
  await tell(work, { path, stat: found }, table(found));
}

async function rm(work: ZkWork): Promise<void> {
  const { client, flags, signal } = work;
  const path = pathOf(work);
  if (path === '/' || path === SERVERS_OWN || path.startsWith(`${SERVERS_OWN}/`)) {
    throw new ZkError('PROTECTED_PATH', `${path} belongs to the servers and is not deleted.`);
  }
  if (flags.recursive !== true) {
    await client.delete(path, { ...versionOf(flags), signal });
    return await tell(work, { path, deleted: 1 }, '');
  }
  const paths = (await walk(client, path, { signal })).map((each) => each.path).toReversed();
  for (const batch of batchesOf(paths)) await Promise.all(batch.map((each) => client.delete(each, { signal })));
  await tell(work, { path, deleted: paths.length }, '');
  work.note(`Deleted ${paths.length} znodes.`);
}

async function watch(work: ZkWork): Promise<void> {
  const { client, flags, signal } = work;
  const most = typeof flags.count === 'number' ? flags.count : Number.POSITIVE_INFINITY;
  let left = most;
  const events = await client.watch(pathOf(work), { recursive: flags.recursive === true, signal });
  work.note(`Watching ${pathOf(work)}`);
  for await (const event of events) {
    const isChange = 'path' in event;
    await tell(work, isChange ? changeJson(event) : { kind: event.kind }, `${textOfEvent(event)}\n`);
    if (isChange) left -= 1;
    if (left <= 0 || event.kind === 'removed') return;
    if (event.kind === 'expired' || event.kind === 'closed') throw event.cause ?? new Error('The client was closed.');
  }
}

function changeJson({ kind, path, zxid }: ZnodeEvent) {
  return { kind, path, zxid: zxid < 0n ? null : hex(zxid) };
}

function textOfEvent(event: { readonly kind: string; readonly path?: string }): string {
  return event.path === undefined ? event.kind : `${event.kind} ${event.path}`;
}

async function acl(work: ZkWork): Promise<void> {
  const path = pathOf(work);
  const found = await work.client.getAcl(path, { signal: work.signal });
  await tell(work, { path, acl: found.acl }, aclText(found.acl));
}

async function config(work: ZkWork): Promise<void> {
  const { data } = await work.client.getConfig({ signal: work.signal });
  const lines = data.toString().split('\n');
  const version = lines.find((line) => line.startsWith('version='))?.slice('version='.length);
  const members = lines.filter((line) => line.startsWith('server.'));
  await tell(work, { version, members }, `${data.toString()}\n`);
}

async function exportAll(work: ZkWork): Promise<void> {
  const count = await exportTree(work.client, pathOf(work), (line) => work.write(`${line}\n`), work.signal);
  work.note(`Exported ${count} znodes.`);
}

async function importAll(work: ZkWork): Promise<void> {
  const { client, flags, signal } = work;
  const file = String(flags.file);
  const content = readExport(file === STANDARD_INPUT ? await text(work.input) : await readFile(file, 'utf8'));
  const existing = flags.existing === 'keep' || flags.existing === 'replace' ? flags.existing : 'refuse';
  const to = typeof flags.to === 'string' ? flags.to : undefined;
  const done = await importTree(client, content, { to, existing, countersBy: Number(flags.countersBy), signal });
  const { created, replaced, kept, behind } = done;
  const counts = `Created ${created}, replaced ${replaced}, kept ${kept} znodes.`;
  if (behind.length === 0) return await tell(work, done, `${counts}\n`);
  const named = behind.map(({ path, from, to: due }) => `${path} is ${from} and should be ${due}`).join(', ');
  throw new ZkError(
    'COUNTERS_BEHIND',
    `${counts} But the counter of ${named}, so new sequential znodes can reuse old numbers.`,
  );
}
