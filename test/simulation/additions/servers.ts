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
