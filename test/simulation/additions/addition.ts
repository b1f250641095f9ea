// SPDX-License-Identifier: Apache-2.0
/**
 * What can befall a history beyond the faults of the operator and of the story (operator.ts, story.ts): one row each.
 *
 * To add one: write a row of `Addition` into a small file beside this one, and name it in registry.ts. It is one of two
 * kinds, or both:
 *
 * - It happens *at moments of the model*, such as a write to the disk. The row says `shares`; the model asks at each
 *   such moment `world.additions.strikes('name')` (a run of an agent asks its surroundings: `run.additions`).
 * - It happens *by itself*, every so often. The row says `everyMs`, and `strike` does it and says whether it did.
 *
 * Each history draws one of the shares, and one of the means, from its seed. 0 is never: most histories should see only
 * a few additions, so that they don't get in each other's way. An addition draws from a source of its own
 * (`additions.random('name')`): histories in which it never strikes are the same with it and without it.
 *
 * When the faults are over, all of them stop, and `mend` sets right what only a person could set right. A count of how
 * often each struck is in the verdict; reached.test.ts holds that none is seldom. Scenarios (scenario.ts) run
 * without additions, except those that are `always` on; one can ask for others by name.
 */
import type { World } from '../world.ts';
import type { AdditionTo } from './additions.ts';

export type Addition = AdditionTo<World>;
