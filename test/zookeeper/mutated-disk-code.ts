// SPDX-License-Identifier: Apache-2.0
/** The disk code with one place of one file replaced, loaded beside the real one. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { DiskCode } from './disk-change.ts';

export interface Mutation {
  readonly name: string;
  /** Below src/zookeeper. */
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

const FOLDER = new URL('../../src/zookeeper/', import.meta.url).href;

export async function mutated({ name, file, search, replace }: Mutation): Promise<DiskCode> {
  const source = readFileSync(fileURLToPath(new URL(file, FOLDER)), 'utf8');
  if (source.split(search).length !== 2) throw new Error(`${name}: ${file} does not hold once what is to be replaced.`);
  const query = `?mutation=${encodeURIComponent(name)}`;
  const hooks = registerHooks({
    // The mutated file is to be met wherever another file of the folder imports it, so all of them are loaded anew.
    resolve: (specifier, context, next) => {
      const found = next(specifier, context);
      const ofTheCopy = context.parentURL?.endsWith(query) === true && found.url.startsWith(FOLDER);
      return ofTheCopy && !found.url.endsWith(query) ? { ...found, url: `${found.url}${query}` } : found;
    },
    load: (url, context, next) => {
      if (url !== `${FOLDER}${file}${query}`) return next(url, context);
      return { format: 'module-typescript', source: source.replace(search, () => replace), shortCircuit: true };
    },
  });
  try {
    const [{ nodeDisk }, { superSecret }] = await Promise.all([
      import(`${FOLDER}node-disk.ts${query}`) as Promise<Pick<DiskCode, 'nodeDisk'>>,
      import(`${FOLDER}super-secret.ts${query}`) as Promise<Pick<DiskCode, 'superSecret'>>,
    ]);
    return { nodeDisk, superSecret };
  } finally {
    hooks.deregister();
  }
}
