// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { ZookeeperClient } from '../client.ts';
import { toError, ZookeeperError } from '../errors.ts';
import type { CallOptions } from '../request.ts';
import type { ZnodeWatch } from '../watch.ts';
import type { Watched } from '../watch-requests.ts';

/** What stands between the states of a znode that is followed. */
export type FollowEvent =
  /** There is no such znode. */
  | { readonly kind: 'missing' }
  /** The connection is lost: the last state grows old until `reconnected`. */
  | { readonly kind: 'disconnected'; readonly cause: Error }
  /** If something changed meanwhile, the new state follows. */
  | { readonly kind: 'reconnected' }
  /** The last one: the session has expired, or the client is closed. */
  | { readonly kind: 'ended'; readonly cause: Error };

/** Between reads that a lost connection ends. */
const PAUSE_MS = 50;

/**
 * Reads a znode with a watch for one event, and again after each event. So a reader that is slow gets the newest state,
 * no event is missed, and a reconnect with nothing changed costs no request.
 */
export async function* followZnode<State>(
  client: ZookeeperClient,
  path: string,
  read: (call: CallOptions) => Promise<{ readonly state: State } & Watched>,
  call: CallOptions,
): AsyncGenerator<State | FollowEvent, void> {
  const { signal } = call;
  const isAborted = () => signal?.aborted === true;
  let isGap = false;
  while (!isAborted()) {
    let answer: { readonly state: State | FollowEvent } & Watched;
    try {
      answer = await readOrMissing(client, path, read, call);
    } catch (error) {
      if (isAborted()) return;
      if (hasEnded(client)) return void (yield { kind: 'ended', cause: toError(error) });
      if (!isLoss(client, error)) throw error;
      if (!isGap) yield { kind: 'disconnected', cause: toError(error) };
      isGap = true;
      await sleep(PAUSE_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      continue;
    }
    try {
      if (isGap) yield { kind: 'reconnected' };
      isGap = false;
      yield answer.state;
      const last = yield* gapsBeforeEvent(answer.watch);
      if (last === 'ended') return;
      isGap = last === 'gap';
    } finally {
      void answer.watch.close();
    }
  }
}

/** Until the watch fires. The event comes before the watch is armed again, if it happened in a gap. */
async function* gapsBeforeEvent(watch: ZnodeWatch): AsyncGenerator<FollowEvent, 'fired' | 'gap' | 'ended'> {
  let isGap = false;
  for await (const event of watch) {
    if (event.kind === 'disconnected') {
      isGap = true;
      yield event;
    } else if (event.kind === 'rearmed') {
      isGap = false;
      yield { kind: 'reconnected' };
    } else if (event.kind === 'expired') {
      yield { kind: 'ended', cause: event.cause };
      return 'ended';
    } else if (event.kind === 'closed') {
      yield { kind: 'ended', cause: event.cause ?? new ZookeeperError('CLIENT_CLOSED', 'the client is closed') };
      return 'ended';
    } else {
      break;
    }
  }
  return isGap ? 'gap' : 'fired';
}

async function readOrMissing<State>(
  client: ZookeeperClient,
  path: string,
  read: (call: CallOptions) => Promise<{ readonly state: State } & Watched>,
  call: CallOptions,
): Promise<{ readonly state: State | FollowEvent } & Watched> {
  for (;;) {
    try {
      return await read(call);
    } catch (error) {
      if (!(error instanceof ZookeeperError) || error.code !== 'NO_NODE') throw error;
    }
    const { stat, watch } = await client.existsAndWatch(path, call);
    if (stat === undefined) return { state: { kind: 'missing' }, watch };
    // It was created between the two requests.
    await watch.close();
  }
}

function hasEnded(client: ZookeeperClient): boolean {
  return client.status.kind === 'expired' || client.status.kind === 'closed';
}

/** A read that waited for a connection until its limit is ended by the loss, too. */
function isLoss(client: ZookeeperClient, error: unknown): boolean {
  if (!(error instanceof ZookeeperError)) return false;
  if (error.code === 'CONNECTION_LOST') return true;
  return error.code === 'REQUEST_TIMEOUT' && client.status.kind === 'disconnected';
}
