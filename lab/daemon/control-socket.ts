// SPDX-License-Identifier: Apache-2.0
/**
 * The control socket: one request per connection, as a line of JSON. The answer is lines of JSON (frames); the last one
 * is a result or an error. If a client disconnects, its request is cancelled.
 */

import { once } from 'node:events';
import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type Frame =
  | { readonly kind: 'progress'; readonly line: string }
  | { readonly kind: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly name: string; readonly message: string };

export interface ControlRequest {
  readonly verb: string;
  readonly arguments: unknown;
}

type Answerer = (request: ControlRequest, emit: (frame: Frame) => void, signal: AbortSignal) => Promise<unknown>;

/** The daemon's answer was an error; `name` is the name of that error. */
class ControlError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/**
 * A socket's path is limited to 107 bytes, and a checkout's path may be longer. The entry of an open directory in /proc
 * is always short. Returns the result of `use`; the directory must be open only while the path is looked up.
 */
function withShortPath<T>(
  directory: string,
  name: string,
  use: (path: string) => T,
): { value: T; release: () => void } {
  const descriptor = openSync(directory, 'r');
  return { value: use(`/proc/self/fd/${descriptor}/${name}`), release: () => closeSync(descriptor) };
}

/** Every client that sees the socket can connect to it: the socket has another name until it listens. */
export async function serveControl(directory: string, name: string, answer: Answerer): Promise<Server> {
  const unborn = `${name}.new`;
  for (const each of [name, unborn]) rmSync(join(directory, each), { force: true });
  const server = createServer((socket) => serveOne(socket, answer));
  const { release } = withShortPath(directory, unborn, (path) => server.listen(path));
  try {
    await once(server, 'listening');
    renameSync(join(directory, unborn), join(directory, name));
  } finally {
    release();
  }
  return server;
}

function serveOne(socket: Socket, answer: Answerer): void {
  const gone = new AbortController();
  const emit = (frame: Frame): void => {
    if (socket.writable) socket.write(`${JSON.stringify(frame)}\n`);
  };
  socket.on('error', () => undefined);
  socket.on('close', () => gone.abort(new Error('The client went away.')));
  createInterface({ input: socket }).once('line', (line) => {
    answerLine(line, answer, emit, gone.signal).finally(() => socket.end());
  });
}

async function answerLine(
  line: string,
  answer: Answerer,
  emit: (frame: Frame) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const value = await answer(JSON.parse(line) as ControlRequest, emit, signal);
    emit({ kind: 'result', value: value ?? null });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    emit({ kind: 'error', name, message });
  }
}

/** Rejects with a ControlError for an error of the daemon, and with the system's error when no daemon listens. */
export async function callControl(
  directory: string,
  name: string,
  request: ControlRequest,
  options: { readonly hear?: (frame: Frame) => void; readonly signal?: AbortSignal } = {},
): Promise<unknown> {
  options.signal?.throwIfAborted();
  const { value: socket, release } = withShortPath(directory, name, (path) => createConnection({ path }));
  const abort = (): void => void socket.destroy(new Error('Interrupted.'));
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    await once(socket, 'connect');
    socket.write(`${JSON.stringify(request)}\n`);
    for await (const line of createInterface({ input: socket })) {
      const frame = JSON.parse(line) as Frame;
      if (frame.kind === 'result') return frame.value;
      if (frame.kind === 'error') throw new ControlError(frame.name, frame.message);
      options.hear?.(frame);
    }
    options.signal?.throwIfAborted();
    throw new Error('The lab ended before it answered; its log tells why.');
  } finally {
    options.signal?.removeEventListener('abort', abort);
    socket.destroy();
    release();
  }
}
