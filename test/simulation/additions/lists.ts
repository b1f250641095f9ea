// SPDX-License-Identifier: Apache-2.0
/** Lists that promise no consistency, and streams that somebody deletes (docs/protocol.md, "Claims 8"). */
import type { Addition } from './addition.ts';

export const LISTS_LAG: Addition = {
  name: 'lists-lag',
  what: 'a list of streams or of instances is answered as of up to 90 s ago, an older answer after a newer one, too',
  shares: [0, 0, 0, 0.1, 0.4],
};

export const GROUP_LAGS: Addition = {
  name: 'group-lags',
  what: 'a list of Auto Scaling is answered as of up to 90 s ago, an older answer after a newer one, too',
  shares: [0, 0, 0, 0.1, 0.4],
};

export const STREAMS_UNLISTED: Addition = {
  name: 'streams-unlisted',
  what: 'the list of streams is empty',
  shares: [0, 0, 0, 0, 0.05, 0.3],
};

export const STREAMS_DELETED: Addition = {
  name: 'streams-deleted',
  what: 'a tool that cleans the account deletes empty streams: all, or some',
  everyMs: [0, 0, 0, 100_000, 300_000],
  strike: ({ cloud: { streams }, trace }, random) => {
    const { names } = streams;
    const victims = random.chance(0.7) ? names : names.filter(() => random.chance(0.5));
    for (const name of victims) streams.delete(name);
    trace.line('cleaner', `deletes ${victims.length} streams`);
    return victims.length > 0;
  },
};
