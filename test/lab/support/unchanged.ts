// SPDX-License-Identifier: Apache-2.0
/** What a command that must change nothing has to leave as it was: a machine's disk, the bucket, the claims. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestLab } from './lab.ts';

export interface Scope {
  /**
   * `still`: no server runs on the machine, so every byte of its data and config counts. `serving`: a running server
   * writes its own database, as sessions are opened; everything else counts.
   */
  readonly server: 'still' | 'serving';
}

/** Every file under data and conf: kind, permissions and a digest of what it holds, by path. */
function filesOf(directory: string, scope: Scope): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const top of ['data', 'conf', 'agent.env']) collect(directory, top, scope, files);
  return files;
}

function collect(directory: string, name: string, scope: Scope, files: Record<string, string>): void {
  const path = join(directory, name);
  const stat = lstatSync(path);
  const mode = (stat.mode & 0o7777).toString(8);
  if (!stat.isDirectory()) {
    files[name] = `${mode} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
    return;
  }
  files[`${name}/`] = mode;
  if (scope.server === 'serving' && name === 'data/version-2') return;
  for (const child of readdirSync(path)) collect(directory, join(name, child), scope, files);
}

/** Notes how everything stands now; the function that is returned fails if any of it is different then. */
export async function nothingChangesOn(
  lab: TestLab,
  instances: readonly string[],
  scope: Scope,
): Promise<(doing: string) => Promise<void>> {
  const look = async () => ({
    disks: Object.fromEntries(instances.map((instance) => [instance, filesOf(lab.directoryOf(instance), scope)])),
    bucket: Object.fromEntries(await lab.bucket('')),
    claims: await lab.claims(),
  });
  const before = await look();
  return async (doing) => assert.deepEqual(await look(), before, `${doing} changed something.`);
}
