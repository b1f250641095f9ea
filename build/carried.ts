// SPDX-License-Identifier: Apache-2.0
/** The packages that an executable carries: those whose code is in its bundles, by their source maps, and Node itself. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PARTS } from '../src/executable/parts.ts';

export interface CarriedPackage {
  readonly name: string;
  readonly version: string;
  /** The identifier or expression of its package.json, as SPDX has it. */
  readonly license: string;
  readonly folder: string;
}

/** Sorted by name and version. `outdir` holds the bundles; `nodeFolder` is the package of the Node that is sealed. */
export async function carriedPackages(outdir: string, nodeFolder: string): Promise<readonly CarriedPackage[]> {
  const folders = new Set([nodeFolder]);
  for (const part of PARTS) {
    const map = JSON.parse(await readFile(join(outdir, `${part}.map`), 'utf8')) as { readonly sources: string[] };
    for (const source of map.sources) {
      const folder = packageFolder(resolve(outdir, source));
      if (folder !== undefined) folders.add(folder);
    }
  }
  // The same version of a package may lie in two folders.
  const byName = new Map<string, CarriedPackage>();
  for (const folder of folders) {
    const found = await packageIn(folder);
    byName.set(`${found.name} ${found.version}`, found);
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => found);
}

/** The folder under the last `node_modules` of a path; undefined for a file of our own. */
function packageFolder(path: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
}

async function packageIn(folder: string): Promise<CarriedPackage> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (typeof license !== 'string') throw new Error(`${join(folder, 'package.json')} names no license.`);
  return { name, version, license, folder };
}

/** Where npm puts the package of a Node binary, from the path of the binary. */
export function nodePackageOf(binary: string): string {
  return dirname(dirname(binary));
}

/** Beside `zk-agent-linux-x64`. */
export function accompanyingFiles(executable: string): { readonly licenses: string; readonly sbom: string } {
  return { licenses: `${executable}.licenses.txt`, sbom: `${executable}.cdx.json` };
}
