// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';

const PACKAGE = new URL('../package.json', import.meta.url);

export async function projectVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(PACKAGE, 'utf8')) as { readonly version: string };
  return version;
}
