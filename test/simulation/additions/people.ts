// SPDX-License-Identifier: Apache-2.0
import type { Addition } from './addition.ts';

export const ADVICE_FOLLOWED: Addition = {
  name: 'advice-followed',
  what: 'a person reads what a node advises, and does it minutes later (person.ts)',
  everyMs: [0, 0, 30_000, 90_000],
  strike: (world, random) => {
    const node = random.shuffle(world.living).find(({ advice, up, paused }) => advice.length > 0 && up && !paused);
    return node !== undefined && world.person.read(node, random.between(20_000, 600_000), random);
  },
};

/** EC2 goes on calling it running, and only its termination is proof that it does not come back. */
export const MACHINE_LOST: Addition = {
  name: 'machine-lost',
  what: 'the machine of an instance ends, and never runs again',
  everyMs: [0, 0, 0, 0, 200_000, 400_000],
  strike: (world, random) => {
    const able = world.living.filter(({ lost }) => !lost);
    if (able.length < 2) return false;
    random.pick(able).lose();
    return true;
  },
};
