// SPDX-License-Identifier: Apache-2.0
/** All additions, and the choice among them. How to add one: addition.ts. */
import type { Addition } from './addition.ts';
import { LINE_BY_HAND, MEMBER_BY_HAND } from './by-hand.ts';
import { DISK_FAILS, DISK_FILLS, DISK_PUT_BACK, DISK_RUNS_LOW } from './disks.ts';
import { DECISION_HELD, LATE_WRITE, PAUSE_BEFORE_EFFECT, STEP_HELD } from './effects.ts';
import { DATA_DAMAGED, DATA_UNLOADABLE, FILE_TORN, HALF_EPOCH, SLOW_EPOCH } from './files.ts';
import { HEALTHY_TICK } from './healthy-tick.ts';
import { INSTANCE_STOPPED } from './instances.ts';
import { GROUP_LAGS, LISTS_LAG, STREAMS_DELETED, STREAMS_UNLISTED } from './lists.ts';
import { LAST_COPY, QUORUM_DAMAGED, WHOLE_LOSSES } from './losses.ts';
import { NAMES } from './names.ts';
import { ADVICE_FOLLOWED, MACHINE_LOST } from './people.ts';
import { CRASH_LOOP, LOADS_LONG, SERVER_WONT_STOP, STARTED_BY_HAND, UNANSWERED } from './servers.ts';

/** Those that came later: a new one stands at the end. */
const LATER: readonly Addition[] = [
  DISK_RUNS_LOW,
  GROUP_LAGS,
  LINE_BY_HAND,
  NAMES,
  STARTED_BY_HAND,
  STEP_HELD,
  DECISION_HELD,
  LAST_COPY,
  QUORUM_DAMAGED,
  DATA_UNLOADABLE,
  WHOLE_LOSSES,
];

export const ADDITIONS: readonly Addition[] = [
  HEALTHY_TICK,
  INSTANCE_STOPPED,
  CRASH_LOOP,
  SERVER_WONT_STOP,
  LOADS_LONG,
  UNANSWERED,
  DISK_FAILS,
  DISK_FILLS,
  LISTS_LAG,
  STREAMS_UNLISTED,
  STREAMS_DELETED,
  PAUSE_BEFORE_EFFECT,
  LATE_WRITE,
  MEMBER_BY_HAND,
  MACHINE_LOST,
  ADVICE_FOLLOWED,
  SLOW_EPOCH,
  HALF_EPOCH,
  DATA_DAMAGED,
  FILE_TORN,
  DISK_PUT_BACK,
  ...LATER,
];

export interface Choice {
  /** Switched off by name. */
  readonly without?: readonly string[];
}

/** Those that are on: all, unless told otherwise. */
export function chosen({ without = [] }: Choice): readonly Addition[] {
  for (const name of without) {
    if (!ADDITIONS.some((addition) => addition.name === name)) throw new Error(`There is no addition ${name}.`);
  }
  return ADDITIONS.filter(({ name }) => !without.includes(name));
}

export const ALWAYS: readonly Addition[] = ADDITIONS.filter(({ always }) => always === true);

/** Without these a history is what it was before, and so is where a mutation is found. */
export const LATER_ADDITIONS: readonly string[] = LATER.map(({ name }) => name);
