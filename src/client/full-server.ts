// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { addressesOf, type ResolveName } from './name-resolution.ts';
import type { ServerAddress } from './servers.ts';
import { openSocket, type SocketSettings } from './socket.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

interface AskSettings extends SocketSettings {
  readonly handshakeTimeoutMs: number;
  readonly resolve?: ResolveName;
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
      for (const address of await addressesOf(server, settings, signal).catch(() => [])) {
        if ((await answerTo(server, address, settings, signal)) === 'rw') return server;
      }
    }
  }
}

/** The answer to `isro`; empty when there is none. Servers that may be read-only answer it. */
function answerTo(server: ServerAddress, address: string, settings: AskSettings, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = openSocket(server, address, settings, () => socket.write('isro'));
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
