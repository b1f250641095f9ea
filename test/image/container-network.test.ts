// SPDX-License-Identifier: Apache-2.0
/** The lab's network: who reaches whom, cuts in one direction and in both, addresses that come and go. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LabNetwork, makeNetwork, removeNetwork } from '../../lab/container/network.ts';
import { labName } from '../support/lab-name.ts';
import { until, whyNoMachines } from './machines.ts';

const skip = (await whyNoMachines()) ?? false;
const LAB = labName();
const A = '10.77.1.1';
const B = '10.77.1.2';

let network: LabNetwork;
const servers: ChildProcess[] = [];

/** Says its own address to whoever connects, once asked. */
const SERVER = `require('node:net').createServer((s) => s.on('error', () => {}).on('data', (d) => s.write('here:' + d)))
  .listen(7000, process.argv[1], () => console.log('listening')); process.stdin.resume().on('end', () => process.exit())`;
/** Tells what a connection comes to. */
const CLIENT = `const s = require('node:net').connect({host: process.argv[1], port: 7000, localAddress: process.argv[2]});
  s.setTimeout(1500, () => { console.log('silence'); process.exit(); });
  s.on('connect', () => s.write('hello')); s.on('error', (e) => { console.log(e.code); process.exit(); });
  s.on('data', (d) => { console.log(String(d)); process.exit(); })`;

const path = (machine?: string): string =>
  `/run/netns/${network.namespace}${machine === undefined ? '' : `.${machine}`}`;

async function serve(machine: string | undefined, address: string): Promise<ChildProcess> {
  const words = [`--net=${path(machine)}`, process.execPath, '-e', SERVER, address];
  const child = spawn('nsenter', words, { stdio: ['pipe', 'pipe', 'inherit'] });
  servers.push(child);
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', (code) => reject(new Error(`A server ended with ${code}.`)));
  });
  return child;
}

function connect(machine: string | undefined, from: string, to: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const words = [`--net=${path(machine)}`, process.execPath, '-e', CLIENT, to, from];
    execFile('nsenter', words, { timeout: 20_000 }, (error, stdout) =>
      error ? reject(error) : resolve(stdout.trim()),
    );
  });
}

before(async () => {
  if (skip !== false) return;
  network = await makeNetwork(LAB);
  await network.attach('i-a', A);
  await network.attach('i-b', B);
  await serve(undefined, network.ownAddress);
  await serve('i-a', A);
  await serve('i-b', B);
});

after(async () => {
  for (const server of servers) server.stdin?.end();
  await network?.[Symbol.asyncDispose]();
});

test('machines reach each other and the lab, and the lab them', { skip }, async () => {
  assert.equal(await connect('i-a', A, B), 'here:hello');
  assert.equal(await connect('i-a', A, network.ownAddress), 'here:hello');
  assert.equal(await connect(undefined, network.ownAddress, A), 'here:hello');
});

test('there is no way out, and what is sent to an address that nobody has vanishes', { skip }, async () => {
  assert.equal(await connect('i-a', A, '192.0.2.1'), 'ENETUNREACH');
  assert.equal(await connect(undefined, network.ownAddress, '192.0.2.1'), 'ENETUNREACH');
  assert.equal(await connect('i-a', A, '10.77.9.9'), 'silence');
});

test('a cut is silent, in one direction, and healing undoes it', {
  skip,
}, async () => {
  await network.cut(A, B);
  await network.cut(A, B);
  assert.deepEqual(network.cuts, [{ from: A, to: B }]);
  assert.equal(await connect('i-a', A, B), 'silence');
  // Its request arrives; the answer does not.
  assert.equal(await connect('i-b', B, A), 'silence');
  assert.equal(await connect('i-b', B, network.ownAddress), 'here:hello');
  await network.heal();
  assert.deepEqual(network.cuts, []);
  assert.equal(await connect('i-a', A, B), 'here:hello');
  assert.equal(await connect('i-b', B, A), 'here:hello');
});

test('a connection that stands goes silent with the cut, and goes on after it', { skip }, async () => {
  const asking = `const s = require('node:net').connect(7000, process.argv[1]); s.on('data', (d) => console.log(String(d)));
    setInterval(() => s.write('again'), 50); process.stdin.resume().on('end', () => process.exit())`;
  const child = spawn('nsenter', [`--net=${path('i-a')}`, process.execPath, '-e', asking, B], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  servers.push(child);
  let answers = 0;
  child.stdout.on('data', () => {
    answers += 1;
  });
  const more = (): Promise<true> => {
    const now = answers;
    return until('answers come', 20_000, async () => answers > now || undefined);
  };
  await more();
  await network.cut(B, A);
  await sleep(300);
  const cut = answers;
  await sleep(700);
  assert.equal(answers, cut);
  await network.heal();
  await more();
  child.stdin.end();
});

test('a connection that was idle for too long is forgotten without a word, a used one and a new one are not', {
  skip,
}, async () => {
  await using network = await makeNetwork(`${LAB}-idle`, { idleTimeoutSeconds: 5 });
  const [one, other] = [await network.attach('i-a', A), await network.attach('i-b', B)];
  const child = (at: string, script: string, ...words: string[]): ChildProcess => {
    const started = spawn('nsenter', [`--net=${at}`, process.execPath, '-e', script, ...words], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    servers.push(started);
    return started;
  };
  const server = child(other, SERVER, B);
  await once(server.stdout as Readable, 'data');
  // Each of two connections says its name after a quiet time, in which only the kernel's own questions passed on one.
  // It ends some time after the answers that must come.
  const asking = `const { connect } = require('node:net');
    let answers = 0;
    const hear = (d) => { console.log(String(d)); if (++answers === 2) setTimeout(() => process.exit(), 1500); };
    const open = (name, quietMs) => {
      const keepAlive = name !== 'quiet';
      const s = connect({ port: 7000, host: process.argv[1], keepAlive, keepAliveInitialDelay: 1000 });
      s.on('data', hear); setTimeout(() => s.write(name), quietMs);
    };
    open('quiet', 10_000); open('kept', 10_000); setTimeout(() => open('new', 0), 10_000);
    process.stdin.resume().on('end', () => process.exit())`;
  const told = child(one, asking, B);
  let said = '';
  told.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(told, 'close');
  assert.deepEqual(said.trim().split('\n').toSorted(), ['here:kept', 'here:new']);
  await assert.rejects(makeNetwork(`${LAB}-none`, { idleTimeoutSeconds: 0 }), /whole seconds from 1/);
});

test('one-way: what the one sends still arrives', { skip }, async () => {
  const heard = `const s = require('node:dgram').createSocket('udp4'); s.bind(7001, process.argv[1], () => console.log('listening'));
    s.on('message', (m) => { console.log(String(m)); process.exit(); }); setTimeout(() => { console.log('nothing'); process.exit(); }, 3000)`;
  const say = `const s = require('node:dgram').createSocket('udp4'); s.send('datagram', 7001, process.argv[1], () => s.close())`;
  const from = async (machine: string, to: string, listener: string): Promise<string> => {
    const child = spawn('nsenter', [`--net=${path(listener)}`, process.execPath, '-e', heard, to], { stdio: 'pipe' });
    const lines: string[] = [];
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (data: Buffer) => {
        lines.push(...data.toString().trim().split('\n'));
        resolve();
      });
    });
    await new Promise((resolve) =>
      execFile('nsenter', [`--net=${path(machine)}`, process.execPath, '-e', say, to], resolve),
    );
    await ended;
    return lines.at(-1) ?? '';
  };
  await network.cut(A, B);
  assert.equal(await from('i-b', A, 'i-a'), 'datagram');
  assert.equal(await from('i-a', B, 'i-b'), 'nothing');
  await network.heal();
});

test('the lab itself can be cut off, in either direction', { skip }, async () => {
  await network.cut(network.ownAddress, A);
  assert.equal(await connect(undefined, network.ownAddress, A), 'silence');
  assert.equal(await connect(undefined, network.ownAddress, B), 'here:hello');
  await network.heal();
  await network.cut(A, network.ownAddress);
  assert.equal(await connect('i-a', A, network.ownAddress), 'silence');
  await network.heal();
  assert.equal(await connect('i-a', A, network.ownAddress), 'here:hello');
});

test('an address that a machine gave up is free at once for another one', { skip }, async () => {
  const first = await network.attach('i-c', '10.77.1.3');
  assert.equal(first, path('i-c'));
  const server = await serve('i-c', '10.77.1.3');
  assert.equal(await connect('i-a', A, '10.77.1.3'), 'here:hello');
  await assert.rejects(network.attach('i-d', '10.77.1.3'), /i-c has it/);
  // A process of the machine still holds its namespace open.
  await network.detach('i-c');
  assert.equal(await connect('i-a', A, '10.77.1.3'), 'silence');
  await network.attach('i-d', '10.77.1.3');
  await serve('i-d', '10.77.1.3');
  assert.equal(await connect('i-a', A, '10.77.1.3'), 'here:hello');
  server.stdin?.end();
  await network.detach('i-d');
  await network.detach('i-d');
});

test("addresses that are no machine's are refused", { skip }, async () => {
  await assert.rejects(network.attach('i-e', '10.78.1.1'), /no machine's address/);
  await assert.rejects(network.attach('i-e', '10.77.0.1'), /no machine's address/);
  await assert.rejects(network.attach('../i-e', '10.77.1.9'), /namespace's name/);
  await assert.rejects(network.cut(A, '192.0.2.1; flush ruleset'), /no machine's address/);
});

test('removing what a lab left touches no lab whose name begins alike', { skip }, async () => {
  const other = await makeNetwork(`${LAB}-2`);
  await other.attach('i-a', A);
  await removeNetwork(LAB);
  assert.equal(
    await new Promise((resolve) => execFile('nsenter', [`--net=/run/netns/${other.namespace}.i-a`, 'true'], resolve)),
    null,
  );
  await assert.rejects(network.cut(A, B));
  await other[Symbol.asyncDispose]();
});
