// SPDX-License-Identifier: Apache-2.0
import type { StepKind } from '../../../src/model/step.ts';

/**
 * The kinds of step that are taken only in a group with lifecycle hooks; lifecycle.test.ts has runs die around them.
 */
export const LIFECYCLE_KINDS = [
  'complete-launch',
  'signal-success',
  'give-up-launch',
  'complete-leaving',
  'complete-hooks-of-the-gone',
] as const satisfies readonly StepKind[];

export type LifecycleKind = (typeof LIFECYCLE_KINDS)[number];
