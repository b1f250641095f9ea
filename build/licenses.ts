// SPDX-License-Identifier: Apache-2.0
/** The licenses of everything in an executable, in one text that is distributed with it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CarriedPackage } from './carried.ts';

const LICENSE_FILE = /^(licen[cs]e|notice|copying|copyright)/i;
const RULE = '='.repeat(80);

/** Rejects for a package without a license text, since it could not be distributed. */
export async function licenseText(own: string, packages: readonly CarriedPackage[]): Promise<string> {
  const sections = await Promise.all(packages.map(sectionOf));
  const head = `zk-agent carries the packages below, each under its own license.\n\n${RULE}\nzk-agent (Apache-2.0)\n\n${own.trim()}\n`;
  return [head, ...sections].join(`\n${RULE}\n`);
}

async function sectionOf({ name, version, license, folder }: CarriedPackage): Promise<string> {
  const files = (await readdir(folder)).filter((file) => LICENSE_FILE.test(file)).sort();
  if (files.length === 0) throw new Error(`${name} ${version} brings no text of its license ${license}.`);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return `${name} ${version} (${license})\n\n${texts.map((text) => text.trim()).join('\n\n')}\n`;
}
