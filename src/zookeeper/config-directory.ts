// SPDX-License-Identifier: Apache-2.0
/**
 * The server's config directory. The server writes there too. Each committed config is `zoo.cfg.dynamic.<hex zxid>`,
 * and the server then points `zoo.cfg` at it. A proposed config is `zoo.cfg.dynamic.next`.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { AgentError } from '../errors.ts';
import { mendFile } from '../model/advice.ts';
import { type EnsembleConfig, strangeLines } from '../model/member.ts';
import { fromZxid, ZXID_ZERO, type Zxid } from '../model/zxid.ts';
import type { TickSettings } from '../timings.ts';
import { isUnreadable } from './disk-errors.ts';
import { diskSpace } from './disk-space.ts';
import {
  copyFileDurably,
  halfOf,
  isThere,
  makeDirectory,
  namesIn,
  readIfThere,
  removeDurably,
  renameDurably,
  syncDirectory,
  writeDurably,
} from './durable-file.ts';
import { parseDynamicConfig, versionOfFileName } from './dynamic-config.ts';
import { logSizesFor } from './log-sizes.ts';
import type { Vouched } from './vouched.ts';
import { renderDynamicConfig, renderZooCfg } from './zoo-cfg.ts';

interface ConfigPlaces {
  readonly confDir: string;
  readonly dataDir: string;
  /** The version-less dynamic file that the agent writes. */
  readonly dynamicFile: string;
  readonly tick: TickSettings;
  /** Elastic IP 6: the server listens on every address of its machine. */
  readonly onAllAddresses?: boolean;
}

const ZOO_CFG = 'zoo.cfg';
const DYNAMIC_PREFIX = 'zoo.cfg.dynamic.';
const PENDING = 'zoo.cfg.dynamic.next';
const POINTER = /^\s*dynamicConfigFile\s*[=:]\s*(.+?)\s*$/m;

/**
 * Without these settings the server ends at its start (QuorumPeerConfig of 3.9.5). So the file was cut off, or is
 * another file.
 */
const NEEDED: readonly string[] = ['dataDir', 'initLimit', 'syncLimit'];

/** No address, role or number has these characters. So the line is damage: no person or later release wrote it. */
const NOT_WRITTEN = /[^\t\r\x20-\x7e]/;

const MEMBER = /^\s*server\.\d+\s*=/;
/** A known role, or another role with the client's part after it. */
const ROLE = /:(participant|observer)|:[a-z]+;/i;

export function zooCfgIn(confDir: string): string {
  return join(confDir, ZOO_CFG);
}

export function pendingIn(confDir: string): string {
  return join(confDir, PENDING);
}

/** The config that `zoo.cfg` points at. Undefined when there is no `zoo.cfg`. Rejects with BAD_DYNAMIC_FILE. */
export async function readConfig({
  confDir,
  dynamicFile,
}: Pick<ConfigPlaces, 'confDir' | 'dynamicFile'>): Promise<EnsembleConfig | undefined> {
  const zooCfg = join(confDir, ZOO_CFG);
  // The server writes the new dynamic file, renames `zoo.cfg`, then removes the old file. So the agent looks twice.
  for (let attempt = 1; ; attempt++) {
    const text = await readIfThere(zooCfg);
    if (text === undefined) {
      return undefined;
    }
    const pointed = POINTER.exec(text)?.[1];
    if (pointed === undefined) {
      throw badFile(`${zooCfg} names no dynamicConfigFile.`);
    }
    const missing = NEEDED.filter((key) => !new RegExp(`^\\s*${key}\\s*[=:]\\s*\\S`, 'm').test(text));
    if (missing.length > 0) {
      throw badFile(`${zooCfg} is without ${missing.join(', ')}.`);
    }
    const path = isAbsolute(pointed) ? pointed : join(confDir, pointed);
    if (dirname(path) !== resolve(confDir) && path !== resolve(dynamicFile)) {
      throw badFile(`${zooCfg} points at ${path}, which is no file of this node.`);
    }
    const dynamic = await readIfThere(path);
    if (dynamic !== undefined) {
      return configOf(path, dynamic);
    }
    if (attempt === 2) {
      throw badFile(`${zooCfg} points at ${path}, which does not exist.`);
    }
  }
}

/** The server takes the version of a config from the name of its file. */
function versionedFile(confDir: string, version: Zxid): string {
  return join(confDir, `${DYNAMIC_PREFIX}${fromZxid(version).toString(16)}`);
}

/** `zoo.cfg.dynamic.next`: a config that was proposed and may still commit. */
export async function readPending(confDir: string): Promise<EnsembleConfig | undefined> {
  const path = join(confDir, PENDING);
  const text = await readIfThere(path);
  if (text === undefined) {
    return undefined;
  }
  const config = configOf(path, text);
  // The version is the last line that the server writes.
  if (config.version === ZXID_ZERO) {
    throw badFile(`${path} is cut off: its version is missing.`);
  }
  return config;
}

/**
 * Writes a fresh config. First it copies the present files to `<confDir>/aside/<number>/`. Then it writes the dynamic
 * file, then the pointer, and only then it removes the older files. A crash in between leaves a config that the server
 * can read, and the call can be repeated.
 */
export async function writeConfig(places: ConfigPlaces, { version, members }: EnsembleConfig): Promise<void> {
  const { confDir } = places;
  const dynamicFile = version === ZXID_ZERO ? places.dynamicFile : versionedFile(confDir, version);
  await keepOlderFiles(places);
  await writeDurably(dynamicFile, renderDynamicConfig(members));
  await writeDurably(join(confDir, ZOO_CFG), await zooCfgAround(places, dynamicFile));
  for (const name of await readdir(confDir)) {
    if (name.startsWith(DYNAMIC_PREFIX) && name !== basename(dynamicFile)) {
      await removeDurably(join(confDir, name));
    }
  }
}

/**
 * Writes the committed config under its version, as the server itself does. Meanwhile the server runs on what it has
 * read before (Files 3). Nothing else is touched: `.next` may belong to a change that is under way.
 */
export async function writeCommitted(places: ConfigPlaces, config: EnsembleConfig): Promise<void> {
  const { confDir } = places;
  await keepOlderFiles(places);
  const file = versionedFile(confDir, config.version);
  await writeDurably(file, renderDynamicConfig(config.members));
  await writeDurably(join(confDir, ZOO_CFG), await zooCfgAround(places, file));
}

/**
 * Whether `zoo.cfg` has other settings than this agent gives its server, apart from the config that it points at. Then
 * an agent of another release wrote it, or something has damaged it. The server writes the same lines in another order.
 */
export async function hasOtherSettings(places: ConfigPlaces): Promise<boolean> {
  const text = await readIfThere(join(places.confDir, ZOO_CFG));
  const pointed = text === undefined ? undefined : POINTER.exec(text)?.[1];
  if (text === undefined || pointed === undefined) {
    return false;
  }
  return settingsIn(text) !== settingsIn(await zooCfgAround(places, pointed));
}

/** Writes `zoo.cfg` as this agent does, around the config that it points at. The present files are kept aside. */
export async function writeSettings(places: ConfigPlaces): Promise<void> {
  const { confDir } = places;
  const pointed = POINTER.exec((await readIfThere(join(confDir, ZOO_CFG))) ?? '')?.[1];
  if (pointed === undefined) {
    return;
  }
  await keepOlderFiles(places);
  await writeDurably(join(confDir, ZOO_CFG), await zooCfgAround(places, pointed));
}

/** The text of `zoo.cfg` as this agent gives it to its server. */
async function zooCfgAround(places: ConfigPlaces, dynamicFile: string): Promise<string> {
  const { dataDir, tick, onAllAddresses = false } = places;
  const { diskBytes } = await diskSpace(dataDir);
  return renderZooCfg({ dataDir, dynamicFile, tick, onAllAddresses, logs: logSizesFor(diskBytes) });
}

/** The server writes with Java's Properties, which escapes some characters and does not keep an order. */
function settingsIn(text: string): string {
  const lines = text.split('\n').map((line) => line.trim().replaceAll(/\\([\\:=#! ])/g, '$1'));
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .sort()
    .join('\n');
}

/** Absolute paths of all config files: `zoo.cfg`, the dynamic ones, and the version-less one. */
export async function configFiles(places: Pick<ConfigPlaces, 'confDir' | 'dynamicFile'>): Promise<readonly string[]> {
  const names = await namesIn(places.confDir);
  const found = names
    .filter((name) => name === ZOO_CFG || name.startsWith(DYNAMIC_PREFIX) || name === 'zoo.cfg.dynamic')
    .filter((name) => halfOf(name) === undefined)
    .map((name) => join(places.confDir, name));
  const own = (await isThere(places.dynamicFile)) ? [places.dynamicFile] : [];
  return [...new Set([...found, ...own])].sort();
}

async function keepOlderFiles(places: ConfigPlaces): Promise<void> {
  const files = await configFiles(places);
  if (files.length === 0) {
    return;
  }
  const aside = join(places.confDir, 'aside');
  await makeDirectory(aside);
  const numbers = (await readdir(aside)).filter((name) => /^\d+$/.test(name)).map(Number);
  const newest = Math.max(0, ...numbers);
  // A join that is tried again and again writes the same files, so they are kept only once.
  if (newest > 0 && (await isSame(files, join(aside, String(newest))))) {
    return;
  }
  const half = join(aside, '.half');
  await rm(half, { recursive: true, force: true });
  await makeDirectory(half);
  for (const file of files) {
    await keep(file, join(half, basename(file)));
  }
  await syncDirectory(half);
  await renameDurably(half, join(aside, String(newest + 1)));
}

async function isSame(files: readonly string[], kept: string): Promise<boolean> {
  const names = files.map((file) => basename(file)).sort();
  if (names.join('/') !== (await readdir(kept)).sort().join('/')) {
    return false;
  }
  for (const file of files) {
    const [now, then] = await Promise.all([contentOf(file), contentOf(join(kept, basename(file)))]);
    if (now === undefined || then === undefined || !now.equals(then)) {
      return false;
    }
  }
  return true;
}

async function contentOf(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch(() => undefined);
}

/**
 * Throws BAD_DYNAMIC_FILE when the config has fewer members than when the agent looked at it. A file that was cut off
 * at the end of a line looks whole.
 */
export function unlessCut(config: EnsembleConfig | undefined, noted: Vouched | undefined): EnsembleConfig | undefined {
  if (config === undefined || config.version !== noted?.version) return config;
  const lines = config.members.length + strangeLines(config).length;
  if (lines >= noted.members) return config;
  throw badFile(`The config of version ${config.version} has ${lines} members here, and had ${noted.members}.`);
}

/** A file that can't be read can still be moved. */
async function keep(file: string, to: string): Promise<void> {
  try {
    await copyFileDurably(file, to);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    await rm(to, { force: true });
    await renameDurably(file, to);
  }
}

/** The version in the file's name counts, as it does for the server. Only `.next` has its version inside. */
function configOf(path: string, text: string): EnsembleConfig {
  const config = parseDynamicConfig(text);
  const named = versionOfFileName(basename(path));
  if (text.split('\n').some((line) => NOT_WRITTEN.test(line) && !line.startsWith('#'))) {
    throw badFile(`${path} has a line with characters that no server writes.`);
  }
  if (named !== ZXID_ZERO || config.version !== ZXID_ZERO) {
    // Neither a server nor the agent ever writes such a file without roles.
    const cut = text.split('\n').find((line) => MEMBER.test(line) && !ROLE.test(line));
    if (cut !== undefined) {
      throw badFile(`${path} is cut off: the line "${cut}" has no role.`);
    }
  }
  if (config.members.length === 0) {
    const lines = strangeLines(config).map((line) => ` The line "${line}" can't be understood.`);
    throw badFile(`${path} names no server.${lines.join('')}`);
  }
  return named === ZXID_ZERO ? config : { ...config, version: named };
}

function badFile(message: string): AgentError {
  return new AgentError('BAD_DYNAMIC_FILE', message, mendFile('zoo.cfg, or the file that it points at'));
}
