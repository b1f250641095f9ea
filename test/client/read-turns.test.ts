// SPDX-License-Identifier: Apache-2.0
/** A server that sends very much at once does not hold up the event loop of its client. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openSocket } from '../../src/client/socket.ts';

const SENT_BYTES = 4 * 1024 * 1024;
const MOST_IN_ONE_TURN_BYTES = 128 * 1024;
const HOST = '127.0.0.1';

test('what a server sends at once is read over many turns of the event loop, and all of it', {
  timeout: 60_000,
}, async () => {
  const sent = Buffer.from(Array.from({ length: SENT_BYTES }, (_, at) => at % 251));
  const server = createServer((socket) => socket.end(sent)).listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const chunks: Buffer[] = [];
  let turnBytes = 0;
  const socket = openSocket(
    { host: HOST, port },
    HOST,
    {},
    () => {},
    (chunk) => {
      chunks.push(Buffer.from(chunk));
      turnBytes += chunk.length;
    },
  );
  const ended = once(socket, 'close');
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
  });
  let mostBytes = 0;
  let readBytes = 0;
  while (!isEnded) {
    await nextTurn();
    mostBytes = Math.max(mostBytes, turnBytes);
    readBytes += turnBytes;
    turnBytes = 0;
  }
  server.close();
  assert.equal(readBytes, SENT_BYTES);
  assert.ok(Buffer.concat(chunks).equals(sent), 'in its order');
  assert.ok(
    mostBytes > MOST_IN_ONE_TURN_BYTES / 4,
    `so much came at once that there was something to limit: ${mostBytes}`,
  );
  assert.ok(mostBytes <= MOST_IN_ONE_TURN_BYTES, `${mostBytes} bytes in one turn`);
});
