// SPDX-License-Identifier: Apache-2.0
import type { Addition } from './addition.ts';

export const CRASH_LOOP: Addition = {
  name: 'crash-loop',
  what: 'a server that died ends again at its next starts, each a second after the last (node/supervisor.ts)',
  shares: [0, 0, 0.3, 1],
};

export const SERVER_WONT_STOP: Addition = {
  name: 'server-wont-stop',
  what: 'a server that its agent stops goes on running',
  shares: [0, 0, 0, 0.1, 0.5],
};

export const STARTED_BY_HAND: Addition = {
  name: 'started-by-hand',
  what: 'a person starts a server that its agent has stopped a moment before',
  shares: [0, 0, 0, 0.2, 0.8],
};

export const LOADS_LONG: Addition = {
  name: 'loads-long',
  what: 'a server that its agent starts loads its data for up to four minutes',
  shares: [0, 0, 0, 0.1, 0.5],
};

export const UNANSWERED: Addition = {
  name: 'own-question-unanswered',
  what: 'a server does not answer its own node for a while, say because clients there have all connections',
  everyMs: [0, 0, 0, 60_000, 200_000],
  strike: (world, random) => {
    const { living } = world;
    if (living.length === 0) return false;
    const node = random.pick(living);
    world.trace.line(node.name, 'its server does not answer it');
    node.unansweredUntilMs = world.scheduler.nowMs + random.between(30_000, 400_000);
    return true;
  },
  mend: (world) => {
    for (const node of world.nodes) node.unansweredUntilMs = 0;
  },
};
