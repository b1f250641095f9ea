// SPDX-License-Identifier: Apache-2.0
/** How the lab's machines run the agent: the project's own Node runs the bundled source. */
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** Bundles the agent when its sources are newer than the bundle. Returns the command, without arguments. */
export async function agentCommand(): Promise<readonly string[]> {
  const { bundle } = await import('../../build/bundle.ts');
  const { agent } = await bundle();
  await access(agent);
  return [process.execPath, resolve(ROOT, agent)];
}
