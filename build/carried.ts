// SPDX-License-Identifier: Apache-2.0
/** The packages in an executable: those with code in its bundles, according to the source maps, and Node itself. */
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

/** Sorted by name and version. `outdir` has the bundles; `nodeFolder` is the package of the Node in the executable. */
export async function carriedPackages(outdir: string, nodeFolder: string): Promise<readonly CarriedPackage[]> {
  const folders = new Set([nodeFolder]);
  for (const part of PARTS) {
    const map = JSON.parse(await readFile(join(outdir, `${part}.map`), 'utf8')) as { readonly sources: string[] };
    for (const source of map.sources) {
      const folder = packageFolder(resolve(outdir, source));
      if (folder !== undefined) folders.add(folder);
    }
  }
  // Two folders may have the same version of a package.
  const byName = new Map<string, CarriedPackage>();
  for (const folder of folders) {
    const found = await packageIn(folder);
    byName.set(`${found.name} ${found.version}`, found);
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => found);
}

/** The folder under the last `node_modules` of a path; undefined for a file of this project. */
function packageFolder(path: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
}

async function packageIn(folder: string): Promise<CarriedPackage> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (typeof license !== 'string') throw new Error(`${join(folder, 'package.json')} names no license.`);
  return { name, version, license, folder };
}

/** Where npm puts the package of a Node binary, derived from the path of the binary. */
export function nodePackageOf(binary: string): string {
  return dirname(dirname(binary));
}

/** For example beside `zk-agent-linux-x64`. */
export function accompanyingFiles(executable: string): { readonly licenses: string; readonly sbom: string } {
  return { licenses: `${executable}.licenses.txt`, sbom: `${executable}.cdx.json` };
}
