// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { askSrvr, askWord, parseSrvr, type WordOptions } from '../../src/zookeeper/four-letter-words.ts';
import { type VoterMonitor, voterMonitorOf } from '../../src/zookeeper/mntr.ts';
import { emptyEnsemble, realEnsemble } from '../support/real-server.ts';

const LIMIT = { timeout: 60_000 };
const OPTIONS: WordOptions = { port: 2181, timeoutMs: 2_000 };
const NEVER = new AbortController().signal;

const SRVR = `Zookeeper version: 3.9.5-e454a8c7283100c7caec6dcae2bc82aaecb63023, built on 2025-08-31 20:07 UTC
Latency min/avg/max: 0/0.5/12
Received: 123
Sent: 122
Connections: 1
Outstanding: 0
Zxid: 0x10000002a
Mode: leader
Node count: 9
Proposal sizes last/min/max: 36/32/92
`;

test('an answer to srvr is read', () => {
  assert.deepEqual(parseSrvr(SRVR), { kind: 'serving', mode: 'leader', zxid: '000000010000002a' });
  for (const mode of ['follower', 'observer', 'standalone']) {
    const answer = parseSrvr(SRVR.replace('leader', mode));
    assert.deepEqual(answer, { kind: 'serving', mode, zxid: '000000010000002a' });
  }
});

test('a server without a database has seen nothing', () => {
  const answer = parseSrvr(SRVR.replace('0x10000002a', '0xffffffffffffffff'));
  assert.deepEqual(answer, { kind: 'serving', mode: 'leader', zxid: '0000000000000000' });
});

test('a server without a quorum answers, and says that it does not serve', () => {
  assert.deepEqual(parseSrvr('This ZooKeeper instance is not currently serving requests\n'), { kind: 'not-serving' });
  assert.deepEqual(parseSrvr(SRVR.replace('leader', 'read-only')), { kind: 'not-serving' });
});

test('anything else proves nothing, and is shown', () => {
  const others = ['', 'srvr is not executed because it is not in the whitelist.\n', 'HTTP/1.1 400 Bad Request\r\n'];
  for (const text of [...others, SRVR.slice(0, 150), SRVR.replace('leader', 'emperor'), SRVR.replace('0x', '')]) {
    const answer = parseSrvr(text);
    assert.ok(answer.kind === 'silent', text);
    assert.notEqual(answer.why, '');
  }
  const answer = parseSrvr(others[1] ?? '');
  assert.ok(answer.kind === 'silent' && answer.why.includes('not in the whitelist'));
});

/** Asks `srvr` of a server that does this with every connection. */
async function askOf(
  behaviour: (socket: Socket) => void,
  timeoutMs = 5_000,
  signal = NEVER,
): Promise<Awaited<ReturnType<typeof askWord>>> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    behaviour(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    return await askWord('127.0.0.1', 'srvr', { port, timeoutMs }, signal);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

test('servers that misbehave are silent within the limit, with the reason', LIMIT, async () => {
  const cases: readonly (readonly [RegExp, (socket: Socket) => void])[] = [
    [/gave no answer to srvr in 150 ms/, () => {}],
    [/gave no answer to srvr in 150 ms/, (socket) => socket.write('Zookeeper version')],
    [
      /gave no answer to srvr in 150 ms/,
      (socket) => {
        const drip = setInterval(() => socket.write('x'), 20);
        socket.on('close', () => clearInterval(drip));
      },
    ],
    [/could not be asked: ECONNRESET/, (socket) => socket.resetAndDestroy()],
    [/more than 65536 bytes/, (socket) => socket.end('x'.repeat(70_000))],
  ];
  for (const [why, behaviour] of cases) {
    const answer = await askOf(behaviour, 150);
    assert.ok(answer.kind === 'silent');
    assert.match(answer.why, why);
  }
});

test('an answer in pieces is put together', LIMIT, async () => {
  const answer = await askOf((socket) => {
    socket.once('data', async () => {
      for (const line of SRVR.split('\n')) {
        socket.write(`${line}\n`);
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.end();
    });
  });
  assert.ok(answer.kind === 'text');
  assert.equal(answer.text.trim(), SRVR.trim());
});

test('the signal ends a question with its reason, before and while it is asked', LIMIT, async () => {
  const reason = new Error('enough');
  await assert.rejects(
    askOf(() => {}, 5_000, AbortSignal.abort(reason)),
    reason,
  );
  const abort = new AbortController();
  await assert.rejects(
    askOf(() => abort.abort(reason), 5_000, abort.signal),
    reason,
  );
});

async function monitorAt(address: string): Promise<VoterMonitor | undefined> {
  const answer = await askWord(address, 'mntr', OPTIONS, NEVER);
  return answer.kind === 'text' ? voterMonitorOf(answer.text) : undefined;
}

/** What docs/watching.md says to look at. */
function namesToWatch(): readonly string[] {
  const page = readFileSync(join(import.meta.dirname, '../../docs/watching.md'), 'utf8');
  const [, table = ''] = /<!-- mntr: .* -->\n([\s\S]*?)<!-- \/mntr -->/.exec(page) ?? [];
  const names = [...table.matchAll(/`(zk_\w+)`/g)].map(([, name = '']) => name);
  assert.ok(names.length > 5, 'A search that finds nothing would prove nothing.');
  return names;
}

test('real servers: leader, followers, nobody there, no quorum', LIMIT, async () => {
  await using ensemble = await realEnsemble(3);
  const addresses = ensemble.members.map((member) => member.address);
  const answers = await Promise.all(addresses.map((address) => askSrvr(address, OPTIONS, NEVER)));
  const modes = answers.map((answer) => (answer.kind === 'serving' ? answer.mode : answer.kind));
  assert.deepEqual(modes.toSorted(), ['follower', 'follower', 'leader']);
  const leader = modes.indexOf('leader');
  for (const [index, address] of addresses.entries()) {
    const monitor = await monitorAt(address);
    const asLeader = { mode: 'leader', syncedFollowers: 2, syncedNonVotingFollowers: 0 };
    assert.deepEqual(monitor, index === leader ? asLeader : { mode: 'follower' });
  }
  const counted = await askWord(addresses[leader] ?? '', 'mntr', OPTIONS, NEVER);
  assert.ok(counted.kind === 'text');
  for (const name of namesToWatch()) assert.match(counted.text, new RegExp(`^${name}\\t`, 'm'));
  const [survivor, ...others] = ensemble.members;
  assert.ok(survivor);
  for (const { id } of others) await ensemble.server(id).kill('SIGKILL');
  const gone = await askSrvr(others[0]?.address ?? '', OPTIONS, NEVER);
  assert.ok(gone.kind === 'silent');
  assert.match(gone.why, /ECONNREFUSED/);
  const endMs = performance.now() + 20_000;
  let answer = await askSrvr(survivor.address, OPTIONS, NEVER);
  while (answer.kind !== 'not-serving' && performance.now() < endMs) {
    answer = await askSrvr(survivor.address, OPTIONS, NEVER);
  }
  assert.deepEqual(answer, { kind: 'not-serving' });
  assert.equal(await monitorAt(survivor.address), undefined);
  await ensemble.server(survivor.id).kill('SIGSTOP');
  const ask = () => askSrvr(survivor.address, { ...OPTIONS, timeoutMs: 200 }, NEVER);
  let hung = await ask();
  // Not every thread stands still at the very moment of the signal.
  for (let attempt = 0; attempt < 20 && hung.kind !== 'silent'; attempt++) hung = await ask();
  assert.ok(hung.kind === 'silent');
  assert.match(hung.why, /in 200 ms/);
});

test('an address of one’s own can be asked from', LIMIT, async () => {
  await using ensemble = await emptyEnsemble(1);
  const localAddress = ensemble.block.address(7);
  let from: string | undefined;
  const server = createServer((socket) => {
    from = socket.remoteAddress;
    socket.end('Mode: standalone\nZxid: 0x1\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await askSrvr('127.0.0.1', { port, timeoutMs: 2_000, localAddress }, NEVER);
  assert.equal(answer.kind, 'serving');
  assert.equal(from, localAddress);
  server.close();
});
