// SPDX-License-Identifier: Apache-2.0
/** What a voting server answers to the four-letter word `mntr`: some two hundred lines of `key<tab>value`. */

/** The numbers count servers. */
export type VoterMonitor =
  | { readonly mode: 'follower' }
  | { readonly mode: 'leader'; readonly syncedFollowers: number; readonly syncedNonVotingFollowers: number };

/** Undefined unless this is the answer of a follower, or the answer of a leader with all its numbers. */
export function voterMonitorOf(text: string): VoterMonitor | undefined {
  const mode = field(text, 'zk_server_state');
  if (mode === 'follower') return { mode };
  if (mode !== 'leader') return undefined;
  const syncedFollowers = wholeNumber(field(text, 'zk_synced_followers'));
  const syncedNonVotingFollowers = wholeNumber(field(text, 'zk_synced_non_voting_followers'));
  if (syncedFollowers === undefined || syncedNonVotingFollowers === undefined) return undefined;
  return { mode, syncedFollowers, syncedNonVotingFollowers };
}

/** `zk_learners` of a leader: all servers that are connected to it, including those that it still syncs. */
export function learnersOf(text: string): number | undefined {
  return field(text, 'zk_server_state') === 'leader' ? wholeNumber(field(text, 'zk_learners')) : undefined;
}

function field(text: string, key: string): string | undefined {
  const before = `\n${key}\t`;
  const start = `\n${text}`.indexOf(before);
  // `start` counts from the line break that is before the text here.
  return start < 0
    ? undefined
    : text
        .slice(start + before.length - 1)
        .split('\n', 1)[0]
        ?.trim();
}

/** In some releases followers are counted as doubles: `2.0`. */
function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+(\.0)?$/.test(text)) return undefined;
  return Number(text);
}
