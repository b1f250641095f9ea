// SPDX-License-Identifier: Apache-2.0
import type { Lab } from '../../../lab/daemon/running-lab.ts';
import { nodesMeant } from '../../../lab/daemon/targets.ts';
import { waitFor } from './wait-for.ts';

const LIMIT_MS = 60_000;
const POLL_MS = 250;
const ROLES: readonly string[] = ['leader', 'minority', 'majority'];

/**
 * What a word of the command line stands for. A word about roles counts in a look in which a node leads: on a busy
 * machine the leader may be late with an answer, or an election may be under way.
 */
export async function instancesMeant(lab: Lab, target: string): Promise<readonly string[]> {
  if (!ROLES.includes(target)) return (await lab.nodesMeant(target)).map(({ instance }) => instance);
  return waitFor(
    async () => {
      const status = await lab.status();
      const leads = status.nodes.some(({ role }) => role === 'leader');
      return leads && nodesMeant(status, target).map(({ instance }) => instance);
    },
    { limitMs: LIMIT_MS, why: `a node leads, and "${target}" means somebody`, pollMs: POLL_MS },
  );
}
