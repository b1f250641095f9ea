// SPDX-License-Identifier: Apache-2.0
/**
 * A server that ends again and again at its start (docs/protocol.md, "Server 5"). What it says at its end tells whether
 * other data, or a fresh config, could mend it. Pure.
 */
import type { Advice } from '../model/advice.ts';
import { strangeLines } from '../model/member.ts';
import type { Observation } from '../model/observation.ts';
import { type Decision, take, wait } from '../model/step.ts';

const ENDS_THAT_COUNT = 3;
/** After this long a server that its surroundings keep from starting is tried again. */
const TRIED_AGAIN_MS = 60_000;

/** What other data does not mend, by what Java and the system say of it. */
const SURROUNDINGS: readonly (readonly [RegExp, string])[] = [
  [/Permission denied|AccessDenied|Operation not permitted|Read-only file system/, 'rights'],
  [/Address already in use|BindException|Cannot assign requested address/, 'an address or a port'],
  [/No space left on device|Disk quota exceeded/, 'a full disk'],
  [/OutOfMemoryError|[Uu]nable to create native thread|Cannot allocate memory/, 'memory'],
  [
    /UnsupportedClassVersion|NoClassDefFound|ClassNotFound|Could not find or load main class|Could not create the Java|Unrecognized (VM )?option|java: not found|java: No such file/,
    'Java',
  ],
];
const CONFIG = /ConfigException|Invalid config|not in the peer list|invalid config/;

interface FailedStart {
  /** `unknown`: nobody has read why. */
  readonly by: 'data' | 'config' | 'surroundings' | 'unknown';
  /** A sentence with the last error of the server's log. */
  readonly why: string;
}

/** Undefined for a server that has not failed often enough yet, or was killed by somebody. */
export function failedStart({ server, disk }: Observation): FailedStart | undefined {
  const { ends } = server;
  if (!ends || ends.count < ENDS_THAT_COUNT) return undefined;
  const told = `The server of this node ended ${ends.count} times right after its start (${ends.how})`;
  if (ends.error === undefined)
    return { by: 'unknown', why: `${told}, and the error in its log can't be read: ${ends.unread ?? 'it has none'}.` };
  const [, what] = SURROUNDINGS.find(([pattern]) => pattern.test(ends.error ?? '')) ?? [];
  const quoted = `${told}. The last error of its log: ${ends.error}`;
  if (what !== undefined) return { by: 'surroundings', why: `${quoted} (${what}, which other data does not mend)` };
  if (CONFIG.test(ends.error)) return { by: 'config', why: quoted };
  return disk.data === undefined ? { by: 'unknown', why: quoted } : { by: 'data', why: quoted };
}

/** The data is noted as one that no server starts on; from then on it counts as damaged, until it is another. */
export function decideFailedStart(observation: Observation): Decision | undefined {
  const { data, fence } = observation.disk;
  if (observation.server.upMs !== undefined || fence || !data || data.damage !== undefined) return undefined;
  const failed = failedStart(observation);
  if (failed?.by !== 'data') return undefined;
  return take({ kind: 'note-failed-start', why: failed.why, data }, `${failed.why}. So no server starts on this data.`);
}

/** Not again at once: what keeps it from starting is told meanwhile. */
export function waitsForSurroundings(observation: Observation): Decision | undefined {
  const failed = failedStart(observation);
  if (!failed || failed.by === 'data' || (observation.server.ends?.sinceMs ?? 0) >= TRIED_AGAIN_MS) return undefined;
  return wait(`${failed.why}. It is tried again every minute.`, undefined, mendOwnConfig(observation));
}

/**
 * While no ensemble serves no fresh config can be had. The server does not start on this one, and nobody but a person can
 * tell a line of somebody's from damage.
 */
export function mendOwnConfig(observation: Observation): readonly Advice[] {
  const { disk, self, server, ensemble } = observation;
  if (ensemble !== undefined) return [];
  const strange = [disk.pending, disk.config].some((config) => strangeLines(config).length > 0);
  const stands = server.upMs === undefined && !disk.fence && (strange || failedStart(observation)?.by === 'config');
  const path = strangeLines(disk.pending).length > 0 ? 'zoo.cfg.dynamic.next' : 'the file that zoo.cfg points at';
  return stands ? [{ action: 'mend-data', instance: self.instance, path, when: [] }] : [];
}
