// SPDX-License-Identifier: Apache-2.0
/** The agent as nodes have it: the packaged executable, with a tick of cron every minute. */
import { packageAgent } from '../build/package.ts';
import type { NodeArchitecture } from '../build/target.ts';

export const ARCHITECTURE: NodeArchitecture = process.arch === 'arm64' ? 'arm64' : 'x64';

export const CRON_SECONDS = 60;

/** The words that run it on a machine of the lab; packages it when its sources are newer. */
export async function shippedAgent(progress: (line: string) => void): Promise<readonly string[]> {
  return [await packageAgent({ architecture: ARCHITECTURE, progress })];
}
