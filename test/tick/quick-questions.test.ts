// SPDX-License-Identifier: Apache-2.0
/**
 * The healthy tick's two questions, to servers that misbehave: every end is an answer or a rejection, within the limit.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { quickMetadata } from '../../src/tick/quick-metadata.ts';
import { quickMonitor } from '../../src/tick/quick-monitor.ts';
import { followerMonitor, leaderMonitor } from '../commands/node-by-hand.ts';

const LIMIT_MS = 10_000;
const SHORT_MS = 150;

/** Runs the question against a server that does this with every connection. */
async function against<T>(
  behaviour: (socket: Socket) => void,
  question: (address: string, port: number) => Promise<T>,
  host = '127.0.0.1',
): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    behaviour(socket);
  });
  server.listen(0, host);
  await once(server, 'listening');
  try {
    return await question(host, (server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const monitor = (address: string, port: number) => quickMonitor(address, port, LIMIT_MS);
const monitorSoon = (address: string, port: number) => quickMonitor(address, port, SHORT_MS);
const metadata = (address: string, port: number) => quickMetadata(`http://${address}:${port}`, false, LIMIT_MS);
const metadataSoon = (address: string, port: number) => quickMetadata(`http://${address}:${port}`, false, SHORT_MS);

function answering(text: string): (socket: Socket) => void {
  return (socket) => socket.once('data', () => socket.end(text));
}

test('mntr of a leader, in pieces, over both kinds of addresses', async () => {
  const inPieces = (socket: Socket) =>
    socket.once('data', async (word) => {
      assert.equal(word.toString(), 'mntr');
      for (const line of leaderMonitor(2).split('\n')) {
        socket.write(`${line}\n`);
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.end();
    });
  const leader = { mode: 'leader', syncedFollowers: 2, syncedNonVotingFollowers: 0 };
  assert.deepEqual(await against(inPieces, monitor), leader);
  assert.deepEqual(await against(inPieces, monitor, '::1'), leader);
});

test('a long answer is read whole, and an endless one is not', async () => {
  const long = `${'zk_some_summary\t0.123456789\n'.repeat(2_000)}${followerMonitor()}`;
  assert.deepEqual(await against(answering(long), monitor), { mode: 'follower' });
  await assert.rejects(against(answering('x'.repeat(300_000)), monitor), /says too much/);
});

test('a server that neither leads nor follows is known to be neither', async () => {
  const notServing = 'This ZooKeeper instance is not currently serving requests\n';
  assert.equal(await against(answering(notServing), monitor), undefined);
});

test('silence, a reset, nobody there and a name are rejections', async () => {
  await assert.rejects(
    against(() => {}, monitorSoon),
    /is late/,
  );
  await assert.rejects(
    against((socket) => socket.resetAndDestroy(), monitor),
    /failed with/,
  );
  const port = await against(
    () => {},
    async (_, each) => each,
  );
  await assert.rejects(monitor('127.0.0.1', port), /failed with/);
  await assert.rejects(monitor('localhost', port), /can't be connected to/);
});

/** Answers one question after the other. */
function metadataAnswers(...answers: readonly string[]): (socket: Socket) => void {
  let next = 0;
  return (socket) => socket.on('data', () => socket.write(answers[next++] ?? ''));
}

function http(status: number, body: string): string {
  return `HTTP/1.1 ${status} Whatever\r\ncontent-type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

test('the public address, where it is asked for; without one nothing is known', async () => {
  const both = (address: string, port: number) => quickMetadata(`http://${address}:${port}`, true, LIMIT_MS);
  const before = [http(200, 'TOKEN=='), http(200, '10.0.0.7')];
  for (const [state, targetState] of [
    [http(200, 'InService'), 'InService'],
    [http(404, 'none'), undefined],
  ] as const) {
    assert.deepEqual(await against(metadataAnswers(...before, state, http(200, '198.51.100.7\n')), both), {
      address: '10.0.0.7',
      targetState,
      publicAddress: '198.51.100.7',
    });
    await assert.rejects(against(metadataAnswers(...before, state, http(404, 'none')), both), /answered 404/);
  }
});

test('address and target state, and a target state that is not there yet', async () => {
  const token = http(200, 'TOKEN==');
  const address = http(200, '10.0.0.7');
  assert.deepEqual(await against(metadataAnswers(token, address, http(200, 'InService')), metadata), {
    address: '10.0.0.7',
    targetState: 'InService',
  });
  assert.deepEqual(await against(metadataAnswers(token, address, http(404, 'none')), metadata, '127.0.0.1'), {
    address: '10.0.0.7',
    targetState: undefined,
  });
});

const BROKEN: Readonly<Record<string, readonly [RegExp, (socket: Socket) => void]>> = {
  'no token': [/answered 403/, metadataAnswers(http(403, ''))],
  'no address': [/answered 404/, metadataAnswers(http(200, 'T'), http(404, ''))],
  'a target state that fails': [/answered 500/, metadataAnswers(http(200, 'T'), http(200, '10.0.0.7'), http(500, ''))],
  'no HTTP': [/no plain answer/, metadataAnswers('SSH-2.0-x\r\n\r\n')],
  'an answer without its length': [/no plain answer/, metadataAnswers('HTTP/1.1 200 OK\r\n\r\nT')],
  'an endless answer': [/no plain answer/, metadataAnswers('x'.repeat(20_000))],
  'an answer that promises too much': [
    /no plain answer/,
    metadataAnswers('HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n'),
  ],
  'an answer that is cut off': [/closed the connection/, answering(http(200, 'TOKEN').slice(0, -2))],
};

for (const [what, [why, behaviour]] of Object.entries(BROKEN)) {
  test(`the metadata service with ${what} is a rejection`, async () => {
    await assert.rejects(against(behaviour, metadata), why);
  });
}

test('a metadata service that says nothing, or half an answer, is late', async () => {
  await assert.rejects(
    against(() => {}, metadataSoon),
    /is late/,
  );
  await assert.rejects(against(metadataAnswers(http(200, 'TOKEN').slice(0, -2)), metadataSoon), /is late/);
});

test('without the parts of Node that the questions are made of, both reject', async (context) => {
  context.mock.method(process as unknown as { binding(name: string): unknown }, 'binding', () => ({}));
  await assert.rejects(monitor('127.0.0.1', 1), TypeError);
  await assert.rejects(metadata('127.0.0.1', 1), TypeError);
});
