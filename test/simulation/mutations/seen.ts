// SPDX-License-Identifier: Apache-2.0
/** Changes to what an agent sees, for the mutations that falsify an observation. */
import type { LoopParts } from '../../../src/loop.ts';
import type { Life } from '../../../src/model/cloud.ts';
import type { Observation } from '../../../src/model/observation.ts';

/** The agent decides on a falsified observation. */
export function deciding(falsify: (observation: Observation) => Observation): (parts: LoopParts) => LoopParts {
  return (parts) => ({ ...parts, decide: (observation) => parts.decide(falsify(observation)) });
}

/** The life of every instance that the agent knows of, as the mutation wants it. */
export function withLives(observation: Observation, change: (life: Life) => Life): Observation {
  const lives: Record<string, Life> = {};
  const claims = observation.shared.known ? observation.shared.value.claims : [];
  const owners = claims.flatMap((claim) => (typeof claim.owner === 'object' ? [claim.owner.instance] : []));
  for (const instance of [...owners, ...Object.keys(observation.lives)]) {
    lives[instance] = change(observation.lives[instance] ?? 'unknown');
  }
  return { ...observation, lives };
}
