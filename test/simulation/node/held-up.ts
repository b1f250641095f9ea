// SPDX-License-Identifier: Apache-2.0
/** An agent whose process stands still between its look and its step, while its machine goes on. */
import type { LoopParts } from '../../../src/loop.ts';
import { slept } from './ports.ts';
import type { Run } from './run.ts';

const SHORTLY_MS = 2_000;
const LONG_MS = 25_000;
const MINUTES_MS = 90_000;

export function heldUp(run: Run, parts: LoopParts): LoopParts {
  const act: LoopParts['act'] = async (step, context) => {
    run.acts = true;
    try {
      await parts.act(step, context);
    } finally {
      run.acts = false;
    }
  };
  return {
    ...parts,
    act: (step, context) => {
      if (!run.additions.strikes('step-held')) return act(step, context);
      const random = run.additions.random('step-held');
      const forMs = random.pick([SHORTLY_MS, LONG_MS, LONG_MS, MINUTES_MS]) * random.between(0.5, 1.5);
      run.note(`is held up before ${step.kind}`);
      return slept(run, forMs).then(() => act(step, context));
    },
  };
}
