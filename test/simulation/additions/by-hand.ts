// SPDX-License-Identifier: Apache-2.0
import type { Addition } from './addition.ts';

export const MEMBER_BY_HAND: Addition = {
  name: 'member-by-hand',
  what: 'a person adds an observer or a voter that nobody claimed, and removes it again or not (by-hand.ts)',
  everyMs: [0, 0, 0, 60_000, 200_000],
  strike: (world, random) => world.byHand.add(random),
  mend: (world) => world.byHand.calm(world.additions.random('member-by-hand')),
};

export const LINE_BY_HAND: Addition = {
  name: 'line-by-hand',
  what: 'a person writes a line into the config that the agent does not understand, and corrects it or not',
  everyMs: [0, 0, 0, 60_000, 200_000],
  strike: (world, random) => world.byHand.writeLine(random),
  mend: (world) => world.ensemble.lines.clear(),
};
