// SPDX-License-Identifier: Apache-2.0
/**
 * Server 3 on real servers, beside the agent's own loop: a server that loads slowly, and one that serves and answers
 * nobody, are not stopped. The agent's waits are short, so that all of them are over before the server is well again.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ZookeeperClient } from '../../src/client/index.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { askSrvr } from '../../src/zookeeper/four-letter-words.ts';
import { workOf } from '../../src/zookeeper/process-work.ts';
import { connectTo, type RealEnsemble, realEnsemble } from '../support/real-server.ts';
import { RealAgent } from './real-agent.ts';

const LIMIT = { timeout: 180_000 };
const RUN_LIMIT_MS = 120_000;
const NEVER = new AbortController().signal;
/** A server that works is left alone for twenty times the first of them. */
const TIMINGS = { noLeaderRejoinMs: 4_000, recoveryQuietMs: 4_000, probeTimeoutMs: 500, pollMs: 150 };

let ensemble: RealEnsemble;
/** Its server is off between two tests. */
let follower: number;
before(async () => {
  ensemble = await realEnsemble(3);
  const modes = await Promise.all([1, 2, 3].map((id) => ensemble.server(id).ask('srvr')));
  follower = modes.findIndex((answer) => answer.includes('Mode: follower')) + 1;
  await ensemble.server(follower).kill();
}, LIMIT);
/** Those of a test that ran out of its time, too. */
const agents: RealAgent[] = [];
after(async () => {
  await Promise.all(agents.map((agent) => agent[Symbol.asyncDispose]()));
  await ensemble[Symbol.asyncDispose]();
});

async function agentOf(options: Parameters<typeof RealAgent.of>[2]): Promise<RealAgent> {
  const agent = await RealAgent.of(ensemble, follower, options);
  agents.push(agent);
  return agent;
}

/** Runs the agent until a look was decided with these words, then lets go, and runs it until nothing is left to do. */
async function leftAlone(agent: RealAgent, words: RegExp, letGo: () => Promise<void>): Promise<void> {
  const from = agent.said.length;
  const said = (): boolean => agent.said.slice(from).some((why) => words.test(why));
  const over = new AbortController();
  const run = agent.recovery(RUN_LIMIT_MS, over.signal);
  let ended = false;
  const end = run.then(
    () => (ended = true),
    () => (ended = true),
  );
  try {
    while (!said() && !ended) await sleep(50);
    assert.ok(said(), `It says ${words}, and not only: ${agent.said.slice(from).join('\n')}`);
    await letGo();
    assert.equal((await run).kind, 'done', agent.said.slice(from).join('\n'));
  } finally {
    over.abort();
    await end;
  }
}

async function freshConfigs({ node }: RealAgent): Promise<number> {
  return (await node.disk.read(NEVER)).occasions?.['fresh-config'].length ?? 0;
}

/** More than the server's own files and threads need, and few enough to be taken soon. */
const MOST_FILES = 320;
/** Java has a file or two of a number above the limit, so the count of all ends a little below it. */
const FEW_FILES = 4;
const WITH_FEW_FILES = ['/bin/sh', '-c', `ulimit -n ${MOST_FILES} && exec "$@"`, 'sh'];

/** Opens sessions with the server, from each of these addresses as long as it takes them, until all are taken. */
async function takeAll(server: string, addresses: readonly string[], taken: Taken): Promise<void> {
  const servers = [{ host: server, port: CLIENT_PORT }];
  const limits = { connectLimitMs: 0, handshakeTimeoutMs: 1_000, sessionTimeoutMs: 40_000, closeTimeoutMs: 100 };
  let [at, refused] = [0, 0];
  for (let tries = 0; tries < 3 * MOST_FILES; tries++) {
    const localAddress = addresses[at] ?? '';
    const client = await ZookeeperClient.connect({ servers, localAddress, ...limits }).catch(() => undefined);
    if (client !== undefined) {
      taken.clients.push(client);
      refused = 0;
      continue;
    }
    if (taken.areAll() && ++refused === 2) return;
    const answer = await askSrvr(server, { port: CLIENT_PORT, timeoutMs: 2_000, localAddress }, NEVER);
    if (answer.kind !== 'silent' || answer.closed !== true) continue;
    if (++at === addresses.length) return;
  }
  assert.fail('The server has connections without an end.');
}

interface Taken {
  readonly clients: ZookeeperClient[];
  /** Whether nobody gets a connection, from whichever address. */
  areAll(): boolean;
}

test('a follower whose connections are all taken is not stopped, and serves on', LIMIT, async () => {
  await using agent = await agentOf({ before: WITH_FEW_FILES, timings: TIMINGS });
  await agent.ports.server.start(NEVER);
  const pid = await agent.pid();
  while ((await agent.ports.servers.srvr(agent.address, NEVER)).kind !== 'serving') await sleep(50);
  const clients: ZookeeperClient[] = [];
  const taken = { clients, areAll: () => readdirSync(`/proc/${pid}/fd`).length >= MOST_FILES - FEW_FILES };
  const closeAll = async (): Promise<void> => {
    assert.ok(await clients[0]?.exists('/'), 'It serves those whom it has taken.');
    await Promise.all(clients.splice(0).map((client) => client.close()));
  };
  try {
    // Of the node's own address (maxClientCnxns), and of the other one from which the agent asks its own server.
    for (const from of [agent.address, '127.0.0.2']) await takeAll(agent.address, [from], taken);
    assert.equal(taken.areAll(), false);
    const closed = /(closed the connection|EPIPE|ECONNRESET).*It is not stopped: its leader counts 2 learners/;
    await leftAlone(agent, closed, closeAll);
    // Of everybody: the process may open no further file, so whoever comes waits in the queue.
    const addresses = Array.from({ length: MOST_FILES }, (_, index) => ensemble.block.address(20 + (index % 200)));
    await takeAll(agent.address, addresses, taken);
    await leftAlone(agent, /gave no answer.*It is not stopped: its leader counts 2 learners/, closeAll);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
  assert.deepEqual([await agent.pid(), await freshConfigs(agent)], [pid, 0], 'It is the very same process.');
});

/** A tree that takes many reads to load: 20,000 znodes of 2 KB, all of them in a log. */
async function grow(server: { readonly address: string }): Promise<void> {
  await using client = await connectTo(server);
  await client.create('/large');
  const data = Buffer.alloc(2_000, 'x');
  for (let first = 0; first < 20_000; first += 400) {
    await client.multi(
      Array.from({ length: 400 }, (_, index) => ({ kind: 'create', path: `/large/n${first + index}`, data }) as const),
    );
  }
}

/** Far more in a moment than a process that waits does, and little enough to last long. */
const SLOW_DISK = { burstBytes: 1_000_000, restMs: 800 };

/** The process goes on until it has read so much, then rests, again and again until the signal is aborted. */
async function readSlowly(pid: number, begun: () => void, signal: AbortSignal): Promise<void> {
  // Java reads a megabyte of files of its own first. Of these it is not kept.
  const bytes = (): number => workOf(pid)?.bytes ?? Number.POSITIVE_INFINITY;
  for (let from = 3_000_000; !signal.aborted; from = bytes()) {
    process.kill(pid, 'SIGCONT');
    while (!signal.aborted && bytes() < from + SLOW_DISK.burstBytes) await sleep(5);
    process.kill(pid, 'SIGSTOP');
    begun();
    await sleep(SLOW_DISK.restMs, undefined, { signal }).catch(() => {});
  }
  process.kill(pid, 'SIGCONT');
}

test(
  'a follower that reads its data from a slow disk is not stopped while it loads, and then serves',
  LIMIT,
  async () => {
    await (await ensemble.start(follower)).untilServing();
    await grow(ensemble.server(follower));
    await ensemble.server(follower).kill();
    await using agent = await agentOf({ timings: TIMINGS });
    await agent.ports.server.start(NEVER);
    const pid = await agent.pid();
    const fast = new AbortController();
    const begun = Promise.withResolvers<void>();
    const disk = readSlowly(pid, begun.resolve, fast.signal);
    disk.catch(begun.reject);
    try {
      await begun.promise;
      await leftAlone(agent, /works, as one that loads its data does, so it is not stopped/, async () => {
        fast.abort();
        await disk;
      });
    } finally {
      fast.abort();
    }
    assert.deepEqual([await agent.pid(), await freshConfigs(agent)], [pid, 0], 'It is the very same process.');
    await using client = await connectTo(agent);
    assert.equal((await client.getChildren('/large')).children.length, 20_000);
  },
);
