// SPDX-License-Identifier: Apache-2.0
/**
 * When a client moves to another server, as a pure rule.
 *
 * Only what a server says of itself is known: whether it serves, and how many connections it has. Looks are made after a
 * disturbance alone: a connection was lost, or the list of servers has changed. Each client looks at times of its own,
 * at random. A client moves only from a server to one with fewer connections, and only when the difference is above the
 * slack. So each move makes the counts more even, and none makes them uneven again. They end within the slack: the
 * fullest server then has at most a tenth more than the emptiest, and one.
 *
 * The clients that the disturbance touched are enough for that. When a server ends, all of its clients are touched, and
 * they are as many as it lacks once it serves again. Clients that look in the same moment see the same counts, and may
 * move together. They are as few as a random time makes them, and their later looks correct it.
 *
 * A client moves at most once a look, thus not twice within 3 s, and at most `LOOKS` times after a disturbance. A move of
 * its own is none.
 */

/** After a disturbance, a client looks this often while the counts are uneven. */
export const LOOKS = 8;
/** How often it then asks for a server that does not serve: some 20 minutes long. */
export const MAX_WAITS = 60;
const FIRST_PAUSE_MS = 7_500;
const LONGEST_PAUSE_MS = 20_000;
const SLACK = 0.1;

/** What one server said of itself. */
export interface ServerReport {
  /** It has a quorum, and takes clients. */
  readonly serves: boolean;
  /** Undefined when the server does not tell. */
  readonly connections: number | undefined;
}

/** A server as a client sees it in one look. */
export interface SeenServer<Target> extends ServerReport {
  readonly target: Target;
  readonly isOwnZone: boolean;
}

interface MoveDecision<Target> {
  readonly moveTo: Target | undefined;
  /** Nobody needs to look again for what was seen. */
  readonly isEven: boolean;
}

/**
 * - A client outside its zone moves to the server of its zone with the fewest connections.
 * - Otherwise it moves to the server with the fewest, of those in its zone or of those outside, where it is itself.
 * - Where servers do not tell how many they have, it goes back to the one that it lost, which restores what was before.
 */
export function decideMove<Target>(
  here: SeenServer<Target>,
  others: readonly SeenServer<Target>[],
  lost: Target | undefined,
  random: () => number,
): MoveDecision<Target> {
  const serving = others.filter(({ serves }) => serves);
  if (!here.isOwnZone) {
    const home = fewest(
      serving.filter(({ isOwnZone }) => isOwnZone),
      random,
    );
    if (home !== undefined) return { moveTo: home.target, isEven: false };
  }
  const alike = serving.filter(({ isOwnZone }) => isOwnZone === here.isOwnZone);
  const counts = [here, ...alike].map(({ connections }) => connections);
  const known = counts.filter((count) => count !== undefined);
  if (known.length < counts.length || here.connections === undefined) {
    const back = alike.find(({ target }) => target === lost);
    return { moveTo: back?.target, isEven: back === undefined };
  }
  const least = fewest(alike, random);
  const isEven = isWithinSlack(Math.max(...known), Math.min(...known));
  if (least?.connections === undefined || isWithinSlack(here.connections, least.connections)) {
    return { moveTo: undefined, isEven };
  }
  return { moveTo: least.target, isEven };
}

/** How long to wait before a look. `waits` counts those since the disturbance in which nothing was to be done. */
export function pauseBeforeLookMs(waits: number, random: () => number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 1.5 ** waits) * (0.5 + random());
}

function isWithinSlack(more: number, fewer: number): boolean {
  return more - fewer <= Math.max(1, SLACK * fewer);
}

/** Of several alike, any. One that does not tell comes last. */
function fewest<Target>(servers: readonly SeenServer<Target>[], random: () => number): SeenServer<Target> | undefined {
  const ranked = servers.map((server) => ({
    server,
    count: server.connections ?? Number.POSITIVE_INFINITY,
    tie: random(),
  }));
  return ranked.sort((a, b) => (a.count === b.count ? a.tie - b.tie : a.count - b.count))[0]?.server;
}
