// SPDX-License-Identifier: Apache-2.0
/**
 * When a client moves to another server, as a pure rule.
 *
 * Only what a server says of itself is known: whether it serves, and how many connections it has. Looks are made after
 * a disturbance alone: a connection was lost, or the list of servers has changed. Each client looks at times of its
 * own, at random.
 *
 * A client moves only from a server above the mean to one below it, and goes where the room is. So the counts end
 * within the slack, as far as those who look are on the fuller servers: at most a tenth more than the emptiest, and
 * one. Whether a client moves depends on how many others look, since those who look in the same moment see the same
 * counts:
 *
 * - After a loss, only those look that were on the lost server. They are on the others now, and are what those have too
 *   many once it serves again. So each of them moves.
 * - After a change of the list, all look. So do those that have moved, since they came together. Then each moves by
 *   chance, with the part of its server's connections that is above the mean. So as many leave as should, on average.
 *
 * Those who look later see what the others have done, so the counts come closer with each look.
 *
 * A client moves at most once a look, thus not twice within 3 s, and at most `LOOKS` times after a disturbance. A move
 * of its own is none.
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

/** Why a client looks. */
interface Disturbance<Target> {
  /** The server whose connection was lost, and that the client has not come back to. */
  readonly lost: Target | undefined;
  /** All clients of the same server look: after a change of the list, and after a move. */
  readonly doAllLook: boolean;
}

interface MoveDecision<Target> {
  readonly moveTo: Target | undefined;
  /** Nobody needs to look again for what was seen. */
  readonly isEven: boolean;
}

/**
 * - A client outside its zone moves to the server of its zone with the fewest connections.
 * - Otherwise the servers count that are in its zone, or outside, where it is itself. From above their mean it moves to
 *   one below, by chance.
 * - Where servers do not tell how many they have, it goes back to the one that it lost, which restores what was before.
 */
export function decideMove<Target>(
  here: SeenServer<Target>,
  others: readonly SeenServer<Target>[],
  { lost, doAllLook }: Disturbance<Target>,
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
  const isEven = isWithinSlack(Math.max(...known), Math.min(...known));
  const mean = known.reduce((sum, count) => sum + count, 0) / known.length;
  // Some more than what is above the mean, as much as chance makes, so that few clients come to an end soon, too.
  const chance = doAllLook ? (here.connections - mean + Math.sqrt(here.connections)) / here.connections : 1;
  const isAbove = here.connections > mean && !isWithinSlack(here.connections, Math.min(...known));
  const leaves = isAbove && random() < chance;
  return { moveTo: leaves ? roomiest(alike, mean, random)?.target : undefined, isEven };
}

/** One below the mean, by chance: each by the room that it has. */
function roomiest<Target>(
  servers: readonly SeenServer<Target>[],
  mean: number,
  random: () => number,
): SeenServer<Target> | undefined {
  const rooms = servers.map(({ connections = mean }) => Math.max(0, mean - connections));
  let left = random() * rooms.reduce((sum, room) => sum + room, 0);
  return servers.find((_, index) => {
    const room = rooms[index] ?? 0;
    left -= room;
    return room > 0 && left < 0;
  });
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
