// SPDX-License-Identifier: Apache-2.0
import type { Addition } from './addition.ts';

export const PAUSE_BEFORE_EFFECT: Addition = {
  name: 'pause-before-effect',
  what: 'a machine stands still for minutes right before an effect of its agent',
  shares: [0, 0, 0, 0.0005, 0.003],
};

export const LATE_WRITE: Addition = {
  name: 'late-write',
  what: 'a write to AWS arrives up to ten minutes late, also one of a process that died',
  shares: [0, 0, 0.005, 0.03],
};
