// SPDX-License-Identifier: Apache-2.0
/** Steps that start and stop the node's own server, and that take the node out. */
import { AgentError } from '../errors.ts';
import type { ServerEnds } from '../model/server.ts';
import type { Step } from '../model/step.ts';
import { type ActContext, changed, ownServer } from './context.ts';
import { keepStill } from './still.ts';

/**
 * On machines with few processors, each question takes time from the start that it waits for. So the pause grows with
 * the time since the start. The agent then notices the end of the start at most a tenth later.
 */
const START_POLL_MS = 50;
const START_POLL_PART = 0.1;
/** A question to systemd starts a process of its own. */
const UP_POLL_MS = 1_000;

/** `ends` are absent when a signal ended the server, or when its end is not noted yet. */
function endedAtOnce(ends: ServerEnds | undefined): AgentError {
  const how = ends === undefined ? '' : ` (${ends.how})`;
  const quoted = ends?.error === undefined ? '' : ` The last error of its log: ${ends.error}`;
  return new AgentError(
    'SERVER_DID_NOT_START',
    `The server of this node ended right after its start${how}.${quoted}`,
    `Read the end of its log${ends?.log === undefined ? '' : ` (${ends.log})`}; the agent starts it again.`,
  );
}

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

/**
 * Starts the server and gives it time to find its quorum. A look at the whole world meanwhile would show nothing new,
 * and would take the processor from the server that starts.
 */
export async function actStartServer(step: Of<'start-server'>, context: ActContext): Promise<void> {
  const { ports, self, timings, signal } = context;
  if (await ports.disk.isFenced()) throw changed('A fence was raised meanwhile.');
  if (step.epochFloor !== undefined) {
    await keepStill(context);
    await ports.disk.raiseAcceptedEpoch(step.epochFloor);
  }
  // The settings are damaged, or from an agent of another release. The server would not start on them, or would start
  // with other settings than this release intends.
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
    if ((await ports.servers.srvr(ownServer(self), signal)).kind === 'serving') return;
    if (clock.monotonicMs() - seenUpMs < UP_POLL_MS) continue;
    const state = await ports.server.state(signal);
    if (state.kind !== 'running') throw endedAtOnce(state.ends);
    seenUpMs = clock.monotonicMs();
  }
}

export async function actStopServer(_step: Of<'stop-server'>, { ports, signal }: ActContext): Promise<void> {
  await ports.server.stop(signal);
}

/** The server is stopped first: its next start would change the files that the note names. */
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

/** What was seen of a version stays true of it: a claim is never taken back. */
export async function actVouchConfig(step: Of<'vouch-config'>, { ports }: ActContext): Promise<void> {
  await ports.disk.vouch(step.version, step.members);
}

/**
 * A removed server keeps serving reads and writes until it is stopped. It must not stop before its removal is known to
 * be active. A later committed write proves that, and opening a session is one (Leaving 1).
 */
export async function actStopRemoved(step: Of<'stop-removed'>, { ports, self, signal }: ActContext): Promise<void> {
  const session = await ports.servers.open(ownServer(self), { secret: false }, signal).catch(() => undefined);
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
