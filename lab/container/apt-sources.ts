// SPDX-License-Identifier: Apache-2.0
/** Debian's package sources, taken from this host, so the lab contains no mirror's name. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../../tools/program.ts';

export const CODE_NAMES = { 12: 'bookworm', 13: 'trixie' } as const;

export type DebianRelease = keyof typeof CODE_NAMES;

interface Source {
  readonly uri: string;
  readonly suite: string;
}

/**
 * One line for each source of the release in the format of sources.list(5). They are the sources of this host, if it
 * runs Debian 12 or later, with this release's name instead of the host's. If the host has none, DEBIAN_MIRROR names a
 * mirror.
 */
export function sourcesOf(release: DebianRelease, directory = '/etc/apt'): readonly string[] {
  const name = CODE_NAMES[release];
  const mirror = process.env.DEBIAN_MIRROR;
  if (mirror !== undefined && mirror !== '') {
    return [`deb ${mirror} ${name} main`, `deb ${mirror} ${name}-updates main`];
  }
  const found = new Set<string>();
  for (const { uri, suite } of hostSources(directory)) {
    const [, part] = /^(?:bookworm|trixie|forky|sid|stable)(|-updates|-security)$/.exec(suite) ?? [];
    if (part !== undefined) found.add(`deb ${uri} ${name}${part} main`);
  }
  if (![...found].some((line) => line.endsWith(` ${name} main`))) {
    throw new Error(`This host's apt has no source for Debian ${release}. Name a mirror of Debian in DEBIAN_MIRROR.`);
  }
  return [...found];
}

/** Settings of this host's apt that its sources need, such as a proxy or a mirror that no longer changes. */
export async function aptSettings(): Promise<readonly string[]> {
  const wanted = /^Acquire::(https?::Proxy|Check-Valid-Until|Check-Date|https?::CaInfo)\b/i;
  const dump = await runProgram('apt-config', ['dump', '--format', '%F "%v";%n', 'Acquire']);
  return dump.split('\n').filter((line) => wanted.test(line));
}

function hostSources(directory: string): readonly Source[] {
  const parts = join(directory, 'sources.list.d');
  const files = [join(directory, 'sources.list'), ...names(parts).map((name) => join(parts, name))];
  return files.flatMap((file) => {
    if (file.endsWith('.sources')) return stanzas(read(file));
    return file.endsWith('.list') ? oneLiners(read(file)) : [];
  });
}

/** `deb [options] URI suite components` */
function oneLiners(text: string): Source[] {
  return text.split('\n').flatMap((line) => {
    const [, uri, suite] = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)\s+.*\bmain\b/.exec(line) ?? [];
    return uri === undefined || suite === undefined ? [] : [{ uri, suite }];
  });
}

/** The format of deb822: fields in paragraphs. */
function stanzas(text: string): Source[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return lines
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      const field = (name: string): string[] =>
        new RegExp(`^${name}:(.*(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
      if (field('Enabled')[0] === 'no' || !field('Types').includes('deb') || !field('Components').includes('main')) {
        return [];
      }
      return field('URIs').flatMap((uri) => field('Suites').map((suite) => ({ uri, suite })));
    });
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
