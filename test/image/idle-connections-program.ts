// SPDX-License-Identifier: Apache-2.0
/**
 * Run in a lab's network namespace by idle-connections.test.ts with an IdlePlan. Three servers form an ensemble, say
 * nothing for a while, and their leader is killed. Prints an Election.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { joinNetwork } from '../../lab/container/network.ts';
import { type ServerByHand, startByHand } from '../../lab/zookeeper/by-hand.ts';
import { zookeeperHome } from '../../lab/zookeeper/fetch.ts';
import { memberAt } from '../../src/model/member.ts';
import { runProgram } from '../../tools/program.ts';

export interface IdlePlan {
  readonly lab: string;
  readonly directory: string;
  /** What the image sets to a minute. */
  readonly keepaliveSeconds: number;
  readonly quietMs: number;
}

/** Ids of servers. */
export interface Election {
  readonly killed: number;
  readonly leader: number;
  readonly follower: number;
  /** From the kill until both served; for people. */
  readonly tookMs: number;
}

const IDS = [1, 2, 3];
const SERVING_LIMIT_MS = 120_000;
const ELECTION_LIMIT_MS = 60_000;

const plan = JSON.parse(process.argv[2] ?? '') as IdlePlan;
const network = joinNetwork(plan.lab);
const members = IDS.map((id) => memberAt(id, `10.77.1.${id}`, 'participant'));
const distribution = await zookeeperHome();
await using ends = new AsyncDisposableStack();

async function start(id: number): Promise<ServerByHand> {
  const address = `10.77.1.${id}`;
  const namespace = await network.attach(`i-${id}`, address);
  const inMachine = ['nsenter', `--net=${namespace}`];
  const keepalive = `cd /proc/sys/net/ipv4; for what in time intvl; do echo ${plan.keepaliveSeconds} > tcp_keepalive_$what; done`;
  await runProgram('nsenter', [...inMachine.slice(1), 'sh', '-ec', keepalive]);
  const directory = join(plan.directory, String(id));
  return ends.use(
    await startByHand({ directory, id, address, start: 'genesis', members, distribution, startedBy: inMachine }),
  );
}

const modeOf = async (server: ServerByHand): Promise<string | undefined> =>
  /^Mode: (\w+)$/m.exec(await server.ask('srvr').catch(() => ''))?.[1];

/** Who leads, once one of these does and all others follow; undefined until then. */
async function leaderOf(servers: readonly ServerByHand[]): Promise<number | undefined> {
  const modes = await Promise.all(servers.map(modeOf));
  if (modes.filter((mode) => mode === 'follower').length !== servers.length - 1) return undefined;
  return servers[modes.indexOf('leader')]?.id;
}

async function untilLed(servers: readonly ServerByHand[], limitMs: number): Promise<number> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const leader = await leaderOf(servers);
    if (leader !== undefined) return leader;
    if (performance.now() > deadline) throw new Error(`No leader of ${servers.length} servers within ${limitMs} ms.`);
    await sleep(100);
  }
}

const servers = await Promise.all(IDS.map(start));
const killed = await untilLed(servers, SERVING_LIMIT_MS);
await sleep(plan.quietMs);
const left = servers.filter(({ id }) => id !== killed);
const begin = performance.now();
await servers.find(({ id }) => id === killed)?.kill();
const leader = await untilLed(left, ELECTION_LIMIT_MS);
const follower = left.find(({ id }) => id !== leader)?.id;
const tookMs = Math.round(performance.now() - begin);
process.stdout.write(JSON.stringify({ killed, leader, follower, tookMs }));
