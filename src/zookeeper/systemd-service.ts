// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { AgentError, type ErrorCode } from '../errors.ts';
import type { ServerEnds } from '../model/server.ts';
import type { ServerControl, ServerState } from '../ports.ts';
import { lastErrorOf, SOON_MS } from './last-error.ts';
import { workOf } from './process-work.ts';
import { type Forbidding, refuseWhileForbidden } from './start-check.ts';

const run = promisify(execFile);

interface SystemdServiceOptions {
  /** For example `zookeeper.service`. */
  readonly unit: string;
  readonly whatForbids: () => Promise<Forbidding | undefined>;
  /** The unit's own stop limit (TimeoutStopSec) should be shorter. */
  readonly stopLimitMs?: number;
}

const STOP_LIMIT_MS = 120_000;
const START_LIMIT_MS = 60_000;
const SHOW_LIMIT_MS = 10_000;
const NANOSECONDS_PER_MILLISECOND = 1_000_000n;
const MICROSECONDS_PER_MILLISECOND = 1_000;

interface UnitState {
  readonly activeState: string;
  readonly mainPid: number;
  /** By the monotonic clock; zero when the unit never was active. */
  readonly activeSinceMs: number;
  /** How often systemd has started the unit again by itself, since somebody last started it. */
  readonly restarts: number;
  /** How the last process ended: 1 is an end with an exit code of its own, any other value a signal. */
  readonly endedBy: number;
  readonly exitCode: number;
  /** By the monotonic clock. */
  readonly processBeganMs: number;
  readonly processEndedMs: number;
}

/** The server as a systemd unit. The unit itself also refuses to start while there is a fence, or no stamp. */
export function systemdService(options: SystemdServiceOptions): ServerControl {
  const { unit } = options;
  return {
    state: async (signal) => {
      const state = await show(unit, signal);
      const now = stateOf(state);
      return now.kind === 'running' ? now : { ...now, ...(await endsOf(unit, state, signal)) };
    },
    work: async (signal) => {
      const { mainPid } = await show(unit, signal);
      return mainPid === 0 ? undefined : workOf(mainPid);
    },
    start: async (signal) => {
      await refuseWhileForbidden(options.whatForbids, unit);
      // A unit that failed too often does not start before this. When there is nothing to reset, the call may fail.
      await systemctl(['reset-failed', unit], START_LIMIT_MS, signal, 'SERVER_DID_NOT_START').catch(ignoreAgentError);
      await systemctl(['start', unit], START_LIMIT_MS, signal, 'SERVER_DID_NOT_START');
      // If a condition of the unit does not hold, "systemctl start" succeeds without a start.
      const state = await show(unit, signal);
      if (state.mainPid === 0) {
        throw failed('SERVER_DID_NOT_START', unit, `systemd says it is ${state.activeState} right after its start`);
      }
    },
    stop: async (signal) => {
      await systemctl(['stop', unit], options.stopLimitMs ?? STOP_LIMIT_MS, signal, 'SERVER_DID_NOT_STOP');
      const state = await show(unit, signal);
      // After a stop, earlier failures are over, and the count of ends begins anew.
      if (state.activeState === 'failed') {
        await systemctl(['reset-failed', unit], START_LIMIT_MS, signal, 'SERVER_DID_NOT_STOP').catch(ignoreAgentError);
      }
      if (stateOf(state).kind !== 'stopped') {
        throw failed('SERVER_DID_NOT_STOP', unit, `systemd says it is ${state.activeState}, process ${state.mainPid}`);
      }
    },
  };
}

/**
 * Between the end of a process and the next start, systemd says `activating`. While it still clears up after the old
 * process, it says `deactivating`. The next start may come at any moment.
 */
const ABOUT_TO_START: readonly string[] = ['activating', 'deactivating', 'reloading', 'active'];

function stateOf({ mainPid, activeSinceMs, activeState }: UnitState): ServerState {
  if (mainPid === 0) return { kind: ABOUT_TO_START.includes(activeState) ? 'restarting' : 'stopped' };
  const nowMs = Number(process.hrtime.bigint() / NANOSECONDS_PER_MILLISECOND);
  return { kind: 'running', upMs: Math.max(0, nowMs - (activeSinceMs || nowMs)) };
}

/** The value is from waitid(2). */
const CLD_EXITED = 1;
const LOG_LINES = 400;
const LOG_LIMIT_MS = 10_000;

/** A server that somebody stopped is `inactive`. One that ended is `activating`, or `failed` after too many tries. */
async function endsOf(unit: string, state: UnitState, signal: AbortSignal): Promise<{ readonly ends?: ServerEnds }> {
  const { activeState, restarts, endedBy, exitCode, processBeganMs, processEndedMs } = state;
  const ended = activeState === 'failed' || ABOUT_TO_START.includes(activeState);
  if (!ended || endedBy !== CLD_EXITED || processEndedMs - processBeganMs > SOON_MS) return {};
  const nowMs = Number(process.hrtime.bigint() / NANOSECONDS_PER_MILLISECOND);
  const count = restarts + 1;
  const sinceMs = Math.max(0, nowMs - processEndedMs);
  const ends = { count, sinceMs, how: `exit code ${exitCode}`, log: `journalctl -u ${unit}` };
  return { ends: { ...ends, ...(await errorOf(unit, signal)) } };
}

async function errorOf(unit: string, signal: AbortSignal): Promise<Pick<ServerEnds, 'error' | 'unread'>> {
  const words = ['--unit', unit, '--boot', `--lines=${LOG_LINES}`, '--output=cat', '--quiet', '--no-pager'];
  try {
    const { stdout } = await run('journalctl', words, { signal, timeout: LOG_LIMIT_MS, maxBuffer: 16 * 2 ** 20 });
    const error = lastErrorOf(stdout);
    return error === undefined ? { unread: 'the journal tells of none' } : { error };
  } catch (error) {
    signal.throwIfAborted();
    return { unread: `journalctl failed: ${error instanceof Error ? error.message.slice(0, 200) : String(error)}` };
  }
}

const PROPERTIES = [
  ...['LoadState', 'ActiveState', 'MainPID', 'ActiveEnterTimestampMonotonic', 'NRestarts', 'ExecMainCode'],
  ...['ExecMainStatus', 'ExecMainStartTimestampMonotonic', 'ExecMainExitTimestampMonotonic'],
];

async function show(unit: string, signal: AbortSignal): Promise<UnitState> {
  const properties = PROPERTIES.join(',');
  const output = await systemctl(['show', unit, `--property=${properties}`], SHOW_LIMIT_MS, signal, 'INTERNAL');
  const values = new Map(
    output.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const mainPid = Number(values.get('MainPID') ?? Number.NaN);
  const activeSinceMs =
    Number(values.get('ActiveEnterTimestampMonotonic') ?? Number.NaN) / MICROSECONDS_PER_MILLISECOND;
  const activeState = values.get('ActiveState') ?? '';
  if (values.get('LoadState') !== 'loaded' || !Number.isSafeInteger(mainPid) || Number.isNaN(activeSinceMs)) {
    // Unknown is never absent: a unit that systemd does not know is not a stopped server.
    throw failed('INTERNAL', unit, `systemd does not know it: ${output.trim()}`);
  }
  // A value that an older systemd does not give counts as zero. Then no end counts.
  const number = (key: string): number => Number(values.get(key) ?? 0) || 0;
  return {
    activeState,
    mainPid,
    activeSinceMs,
    restarts: number('NRestarts'),
    endedBy: number('ExecMainCode'),
    exitCode: number('ExecMainStatus'),
    processBeganMs: number('ExecMainStartTimestampMonotonic') / MICROSECONDS_PER_MILLISECOND,
    processEndedMs: number('ExecMainExitTimestampMonotonic') / MICROSECONDS_PER_MILLISECOND,
  };
}

async function systemctl(
  args: readonly string[],
  limitMs: number,
  signal: AbortSignal,
  code: ErrorCode,
): Promise<string> {
  try {
    const { stdout } = await run('systemctl', [...args], { signal, timeout: limitMs });
    return stdout;
  } catch (error) {
    signal.throwIfAborted();
    throw failed(code, args[1] ?? '', `"systemctl ${args.join(' ')}" failed`, error);
  }
}

function failed(code: ErrorCode, unit: string, what: string, cause?: unknown): AgentError {
  return new AgentError(
    code,
    `The unit ${unit}: ${what}.`,
    `Read "systemctl status ${unit}" and "journalctl -u ${unit}".`,
    cause,
  );
}

function ignoreAgentError(error: unknown): void {
  if (!(error instanceof AgentError)) {
    throw error;
  }
}
