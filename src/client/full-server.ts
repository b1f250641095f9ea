// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerAddress } from './servers.ts';
import { openSocket, type SocketSettings } from './socket.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

interface AskSettings extends SocketSettings {
  readonly handshakeTimeoutMs: number;
}

/** Asks one server after the other until one has a quorum; rejects only with the signal. */
export async function fullServer(
  servers: () => readonly ServerAddress[],
  settings: AskSettings,
  signal: AbortSignal,
): Promise<ServerAddress> {
  for (let round = 0; ; round++) {
    for (const server of servers()) {
      await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** round), undefined, { signal });
      if ((await answerTo('isro', server, settings, signal)) === 'rw') return server;
    }
  }
}

/** The answer to a four-letter word; empty when there is none. Servers in read-only mode, and those that may be, know `isro`. */
function answerTo(word: string, server: ServerAddress, settings: AskSettings, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = openSocket(server, settings, () => socket.write(word));
    const end = () => socket.destroy();
    socket.setTimeout(settings.handshakeTimeoutMs, end);
    signal.addEventListener('abort', end, { once: true });
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (answer.length > 2) end();
    });
    socket.on('error', end);
    socket.on('close', () => {
      signal.removeEventListener('abort', end);
      resolve(answer.trim());
    });
  });
}
