// SPDX-License-Identifier: Apache-2.0
/**
 * A server that ends again and again at its start (docs/protocol.md, "Server 5"). The last error in its log tells
 * whether other data, or a fresh config, could help. Pure.
 */
import type { Advice } from '../model/advice.ts';
import { strangeLines } from '../model/member.ts';
import type { Observation } from '../model/observation.ts';
import { type Decision, take, wait } from '../model/step.ts';

const ENDS_THAT_COUNT = 3;
/** A server that can't start because of its surroundings is tried again after this long. */
const TRIED_AGAIN_MS = 60_000;

/** Errors that other data does not mend, by the words that Java and the system have for them. */
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
  /** `unknown`: the reason could not be read. */
  readonly by: 'data' | 'config' | 'surroundings' | 'unknown';
  /** A sentence with the last error of the server's log. */
  readonly why: string;
}

/** Undefined for a server that has not failed often enough yet, or that was killed by a signal. */
export function failedStart({ server, disk }: Observation): FailedStart | undefined {
  const { ends } = server;
  if (!ends || ends.count < ENDS_THAT_COUNT) return undefined;
  // Server 5: three times in a row, with an exit code of its own.
  const told = `The server of this node ended ${ends.count} times right after its start (${ends.how})`;
  if (ends.error === undefined) {
    return { by: 'unknown', why: `${told}, and the error in its log can't be read: ${ends.unread ?? 'it has none'}.` };
  }
  const [, what] = SURROUNDINGS.find(([pattern]) => pattern.test(ends.error ?? '')) ?? [];
  const quoted = `${told}. The last error of its log${ends.log === undefined ? '' : ` (${ends.log})`}: ${ends.error}`;
  // Server 5: rights, an address, a full disk, memory, Java.
  if (what !== undefined) return { by: 'surroundings', why: `${quoted} (${what}, which other data does not mend)` };
  if (CONFIG.test(ends.error)) return { by: 'config', why: quoted };
  return disk.data === undefined ? { by: 'unknown', why: quoted } : { by: 'data', why: quoted };
}

/** Notes that no server starts on this data. From then on the data counts as damaged, until its files change. */
export function decideFailedStart(observation: Observation): Decision | undefined {
  const { data, fence } = observation.disk;
  if (observation.server.upMs !== undefined || fence || !data || data.damage !== undefined) return undefined;
  const failed = failedStart(observation);
  if (failed?.by !== 'data') return undefined;
  // Server 5: no server starts on this data.
  return take({ kind: 'note-failed-start', why: failed.why, data }, `${failed.why}. So no server starts on this data.`);
}

/** The server is not started again at once. Meanwhile the node says what keeps it from starting. */
export function waitsForSurroundings(observation: Observation): Decision | undefined {
  const failed = failedStart(observation);
  if (!failed || failed.by === 'data' || (observation.server.ends?.sinceMs ?? 0) >= TRIED_AGAIN_MS) return undefined;
  // Server 5: other data mends none of these.
  return wait(`${failed.why}. It is tried again every minute.`, undefined, mendOwnConfig(observation));
}

/**
 * Advice for a server that does not start on its own config, while no ensemble serves that could give a fresh one. Only
 * a person can distinguish damage from a line that somebody has put there.
 */
export function mendOwnConfig(observation: Observation): readonly Advice[] {
  const { disk, self, server, ensemble } = observation;
  if (ensemble !== undefined) return [];
  const strange = [disk.pending, disk.config].some((config) => strangeLines(config).length > 0);
  const stands = server.upMs === undefined && !disk.fence && (strange || failedStart(observation)?.by === 'config');
  const path = strangeLines(disk.pending).length > 0 ? 'zoo.cfg.dynamic.next' : 'the file that zoo.cfg points at';
  return stands ? [{ action: 'mend-data', instance: self.instance, path, when: [] }] : [];
}
