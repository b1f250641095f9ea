// SPDX-License-Identifier: Apache-2.0
import type { Addition } from './addition.ts';

export const PAUSE_BEFORE_EFFECT: Addition = {
  name: 'pause-before-effect',
  what: 'a machine stands still for minutes right before an effect of its agent',
  shares: [0, 0, 0, 0.0005, 0.003],
};

/** Its process alone, say for want of a processor. A machine that stands still takes its server along. */
export const STEP_HELD: Addition = {
  name: 'step-held',
  what: 'an agent stands still between its look and its step, and everything else goes on',
  shares: [0, 0, 0, 0.05, 0.3],
};

/** The write after which servers stop for a record, or after which they need not. */
export const DECISION_HELD: Addition = {
  name: 'decision-held',
  what: 'a machine stands still for minutes right before it writes a record, or the outcome of a proposal',
  shares: [0, 0, 0, 0.3, 0.8],
};

export const LATE_WRITE: Addition = {
  name: 'late-write',
  what: 'a write to AWS arrives up to ten minutes late, also one of a process that died',
  shares: [0, 0, 0.005, 0.03],
};
