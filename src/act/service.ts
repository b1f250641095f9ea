// SPDX-License-Identifier: Apache-2.0
/** Steps that start and stop the node's own server, and that take the node out. */
import { AgentError } from '../errors.ts';
import type { Step } from '../model/step.ts';
import { type ActContext, changed } from './context.ts';
import { keepStill } from './still.ts';

/**
 * Each question takes time from the start that is awaited, on machines with few processors: what has taken long is asked
 * for seldom, and noticed a tenth later at most.
 */
const START_POLL_MS = 50;
const START_POLL_PART = 0.1;
/** A question to systemd is a process of its own. */
const UP_POLL_MS = 1_000;

const ENDED_AT_ONCE = () =>
  new AgentError(
    'SERVER_DID_NOT_START',
    'The server of this node ended right after its start.',
    'Read the end of its log; the agent starts it again.',
  );

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

/**
 * Starts the server and gives it time to find its quorum. Looking at the whole world meanwhile would tell nothing, and
 * would take the processor from the very start that is awaited.
 */
export async function actStartServer(_step: Of<'start-server'>, context: ActContext): Promise<void> {
  const { ports, self, timings, signal } = context;
  if (await ports.disk.isFenced()) throw changed('A fence was raised meanwhile.');
  // Damaged, or of an agent of another release: the server would not start on it, or not as this release means it.
  if (await ports.disk.hasOtherSettings()) {
    await keepStill(context);
    await ports.disk.writeSettings();
  }
  await ports.server.start(signal);
  const { clock } = ports;
  const startedMs = clock.monotonicMs();
  let seenUpMs = startedMs;
  while (clock.monotonicMs() - startedMs < timings.serverStartMs) {
    const pauseMs = Math.max(START_POLL_MS, (clock.monotonicMs() - startedMs) * START_POLL_PART);
    await clock.sleep(Math.min(timings.pollMs, pauseMs), signal);
    if ((await ports.servers.srvr(self.address, signal)).kind === 'serving') return;
    if (clock.monotonicMs() - seenUpMs < UP_POLL_MS) continue;
    if ((await ports.server.state(signal)).kind !== 'running') throw ENDED_AT_ONCE();
    seenUpMs = clock.monotonicMs();
  }
}

export async function actStopServer(_step: Of<'stop-server'>, { ports, signal }: ActContext): Promise<void> {
  await ports.server.stop(signal);
}

/** Behind a stopped server: the next start would change the files that the note names. */
export async function actNoteFailedStart(step: Of<'note-failed-start'>, context: ActContext): Promise<void> {
  const { ports, signal } = context;
  await keepStill(context);
  const { data } = await ports.disk.read(signal);
  if (JSON.stringify(data) !== JSON.stringify(step.data)) throw changed('The data on this disk is another now.');
  await ports.disk.noteFailedStart(step.why);
}

export async function actMarkLeft(_step: Of<'mark-left'>, { ports }: ActContext): Promise<void> {
  await ports.disk.mark('left');
}

export async function actUnmarkLeft(_step: Of<'unmark-left'>, { ports }: ActContext): Promise<void> {
  await ports.disk.unmark('left');
}

/** What was seen of one version stays true of it: a claim is never taken back. */
export async function actVouchConfig(step: Of<'vouch-config'>, { ports }: ActContext): Promise<void> {
  await ports.disk.vouch(step.version, step.members);
}

/**
 * A removed server keeps serving reads and writes until it is stopped, and must not stop before its removal is known to
 * be active, which a later committed write proves: opening a session is one (Leaving 1).
 */
export async function actStopRemoved(step: Of<'stop-removed'>, { ports, self, signal }: ActContext): Promise<void> {
  const session = await ports.servers.open(self.address, { secret: false }, signal).catch(() => undefined);
  if (session) {
    try {
      const config = await session.config(signal);
      if (config.members.some((member) => member.id === step.id && member.address === self.address)) {
        throw changed('The config holds this node again.');
      }
    } finally {
      await session.close();
    }
  }
  await ports.server.stop(signal);
}
