// SPDX-License-Identifier: Apache-2.0
import { JuteWriter } from './jute-writer.ts';
import { encodeConnect } from './operations/connect.ts';
import type { ServerAddress } from './servers.ts';
import { openSocket, type SocketSettings } from './socket.ts';
import type { ServerReport } from './spread.ts';

const MAX_ANSWER = 16_384;
/** No server gives out this id. */
const NO_SESSION = -1n;

interface ReportSettings extends SocketSettings {
  readonly handshakeTimeoutMs: number;
}

/**
 * What a server says of itself in `srvr`. One that does not answer such words is asked for a session that cannot exist.
 * Only one that takes clients, and has seen the transaction `lastZxid`, answers that; it makes no session. Never
 * rejects.
 */
export async function reportOf(
  server: ServerAddress,
  address: string,
  lastZxid: bigint,
  settings: ReportSettings,
  signal: AbortSignal,
): Promise<ServerReport> {
  const answer = (await answerTo(Buffer.from('srvr'), server, address, settings, signal)).toString('latin1');
  if (!answer.includes('whitelist')) {
    const serves = /^Mode: (?:leader|follower|observer|standalone)\b/m.test(answer);
    const [, count] = /^Connections: (\d+)\b/m.exec(answer) ?? [];
    return { serves, connections: serves && count !== undefined ? Number(count) : undefined };
  }
  const writer = new JuteWriter('');
  writer.beginFrame();
  encodeConnect(writer, {
    lastZxid,
    timeoutMs: settings.handshakeTimeoutMs,
    sessionId: NO_SESSION,
    password: new Uint8Array(16),
    allowReadOnly: false,
  });
  writer.endFrame();
  const refusal = await answerTo(writer.take(), server, address, settings, signal);
  return { serves: refusal.length > 0, connections: undefined };
}

/** What comes until the server closes the connection, or the time is over. */
function answerTo(
  question: Uint8Array,
  server: ServerAddress,
  address: string,
  settings: ReportSettings,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const socket = openSocket(server, address, settings, () => socket.write(question));
    const end = () => socket.destroy();
    const timer = setTimeout(end, settings.handshakeTimeoutMs);
    signal.addEventListener('abort', end, { once: true });
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_ANSWER) end();
    });
    socket.on('error', end);
    socket.on('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve(Buffer.concat(chunks));
    });
    if (signal.aborted) end();
  });
}
