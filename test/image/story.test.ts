// SPDX-License-Identifier: Apache-2.0
/**
 * The life of an ensemble on the baked image, as its users have it: build.sh bakes it, deploy.sh deploys it, systemd
 * boots it, and from then on nobody helps. One lab for all of it, since every boot takes its time.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { callLab } from '../../lab/commands/lab-client.ts';
import type { LabStatus, NodeView } from '../../lab/daemon/lab-status.ts';
import type { Verb, Verbs } from '../../lab/daemon/verbs.ts';
import { votersOf } from '../../src/model/member.ts';
import { type NamedLab, namedLab, startCommand } from '../lab/support/command-line.ts';
import { staysSo, waitFor } from '../lab/support/wait-for.ts';
import { ClientInNetwork } from './client.ts';
import { copyData } from './copied-data.ts';
import { runInNode } from './in-a-node.ts';
import { whyNoMachines } from './machines.ts';
import { testedRelease } from './release.ts';
import { startWithoutStamp } from './stampless.ts';

const skip = (await whyNoMachines()) ?? false;
/** Cron runs once a minute on the image, and the rules of a recovery take several looks. */
const LIMIT_MS = 420_000;
const MINUTE_MS = 60_000;
/** The first time it makes the base of the machines and compiles the agent, too. */
const UP_LIMIT_MS = 25 * MINUTE_MS;
const WRITES_AFTER = 20;

let lab: NamedLab;
let client: ClientInNetwork;
/** The first seconds of a new role, in which it has no rights yet, are over once the stack is. */
let deniedAtFirst: number;

const ask = <V extends Verb>(verb: V, args: Verbs[V][0]): Promise<Verbs[V][1]> => callLab(lab.name, verb, args);
const status = (): Promise<LabStatus> => ask('status', {});
const isVoting = ({ role }: NodeView): boolean => role === 'leader' || role === 'follower';

function until(why: string, holds: (status: LabStatus) => boolean, limitMs = LIMIT_MS): Promise<LabStatus> {
  let last: LabStatus | undefined;
  const look = async (): Promise<LabStatus | undefined> => {
    last = await status();
    return holds(last) ? last : undefined;
  };
  return waitFor(look, { limitMs, why, pollMs: 500 }).catch((error: unknown) => {
    const nodes = last?.nodes.map(({ instance, state, role, said }) => `${instance} ${state} ${role}: ${said}`);
    throw new Error(`${error}\n${nodes?.join('\n')}`, { cause: error });
  });
}

const untilHealthy = (why: string, nodes: number): Promise<LabStatus> =>
  until(why, ({ healthy, group }) => healthy && group.desired === nodes);

async function untilItWrites(): Promise<void> {
  const before = (await client.ask('acknowledged')).length;
  await waitFor(async () => (await client.ask('acknowledged')).length >= before + WRITES_AFTER, {
    limitMs: LIMIT_MS,
    why: `${WRITES_AFTER} further writes are acknowledged`,
  });
}

async function leader(): Promise<NodeView> {
  const { nodes } = await until('somebody leads', (now) => now.nodes.some(({ role }) => role === 'leader'));
  return present(nodes.find(({ role }) => role === 'leader'));
}

async function follower(): Promise<NodeView> {
  const { nodes } = await until('somebody follows', (now) => now.nodes.some(({ role }) => role === 'follower'));
  return present(nodes.find(({ role }) => role === 'follower'));
}

function present<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}

const byInstance = (now: LabStatus, { instance }: NodeView): NodeView | undefined =>
  now.nodes.find((node) => node.instance === instance);

/** One history: each server, once it has caught up, has every one of these writes. */
async function everyServerHas(numbers: readonly number[]): Promise<void> {
  for (const { address } of (await status()).nodes.filter(isVoting)) {
    const found = new Set(await client.ask('numbersAt', { address: present(address), synced: true }));
    const missing = numbers.filter((number) => !found.has(number));
    assert.deepEqual(missing, [], `${address} has every acknowledged write`);
  }
}

/** The first machine that is on and was not there before. */
async function replacement(known: readonly NodeView[]): Promise<NodeView> {
  const before = new Set(known.map(({ instance }) => instance));
  const isNew = ({ instance, machine }: NodeView): boolean => machine === 'running' && !before.has(instance);
  return present((await until('the replacement is on', ({ nodes }) => nodes.some(isNew))).nodes.find(isNew));
}

const isGone = (now: LabStatus, node: NodeView): boolean => byInstance(now, node)?.machine === undefined;

async function denials(): Promise<number> {
  return (await ask('calls', {})).reduce((sum, { denied }) => sum + denied, 0);
}

async function recordKinds(): Promise<readonly string[]> {
  return (await ask('records', {})).map(({ kind }) => kind);
}

describe('an ensemble on the baked image', { skip, concurrency: 1 }, () => {
  before(async () => {
    lab = namedLab();
    const words = ['up', '--image', '--debian', testedRelease(), '--json', '--name', lab.name];
    const up = await startCommand(words, UP_LIMIT_MS).result;
    assert.equal(up.code, 0, up.stderr);
    client = new ClientInNetwork(lab.name, present((await ask('namespace', {})) ?? undefined));
  });
  // Each chapter begins where the one before it has ended; after a bad end none makes sense.
  let endedWell = true;
  beforeEach(() => assert.ok(endedWell, 'An earlier chapter has failed.'));
  afterEach((context) => {
    endedWell &&= 'passed' in context && context.passed;
  });
  after(async () => {
    await client?.[Symbol.asyncDispose]();
    const down = await lab.run('down');
    await lab[Symbol.asyncDispose]();
    assert.equal(down.code, 0, down.stderr);
  });

  test('three nodes boot and form one ensemble, with help from nobody', async () => {
    const now = await status();
    assert.ok(now.healthy, JSON.stringify(now));
    assert.equal(now.nodes.filter(({ machine }) => machine === 'running').length, 3);
    assert.equal(now.stack, 'CREATE_COMPLETE');
    assert.deepEqual(await recordKinds(), ['genesis']);
    deniedAtFirst = await denials();
    await client.ask('start');
    await untilItWrites();
  });

  test('a rebooted node keeps its id and its data', async () => {
    const rebooted = await follower();
    const before = await client.ask('acknowledged');
    await ask('reboot', { target: rebooted.instance });
    await until('the rebooted node is away', (now) => !isVoting(present(byInstance(now, rebooted))));
    const back = await untilHealthy('the rebooted node votes again', 3);
    assert.equal(byInstance(back, rebooted)?.id, rebooted.id);
    const found = new Set(
      await client.ask('numbersAt', { address: present(byInstance(back, rebooted)?.address), synced: false }),
    );
    assert.deepEqual(
      before.filter((number) => !found.has(number)),
      [],
    );
    assert.deepEqual(await recordKinds(), ['genesis']);
  });

  test('without its stamp no server starts, by whomever; the next tick brings the node back with its data', async () => {
    const bereft = await follower();
    const address = present(bereft.address);
    const { stamp, restarted, killed } = await startWithoutStamp(lab.name, lab.state.privateKey, address);
    for (const [how, { unit, journal }] of Object.entries({ restarted, killed })) {
      assert.match(unit, /^(inactive|failed) 0$/, `${how}: no server runs`);
      // By its conditions systemd names the file; by those of the service, as of systemd 257, only that they refuse.
      assert.match(journal, /stamp\.json|exec-condition/, `${how}: the journal tells why`);
    }
    const back = await untilHealthy('the node votes again', 3);
    assert.equal(byInstance(back, bereft)?.id, bereft.id);
    const after = await runInNode(
      lab.name,
      lab.state.privateKey,
      address,
      'cat /var/lib/zookeeper/zk-agent/stamp.json; ls /var/lib/zookeeper/aside 2>/dev/null || true',
    );
    assert.deepEqual(JSON.parse(after), JSON.parse(stamp), 'It has its stamp again, and nothing was set aside.');
    await everyServerHas(await client.ask('acknowledged'));
  });

  test('the leader is terminated, and a replacement joins', async () => {
    const old = await leader();
    await ask('terminate', { target: old.instance });
    const now = await until('three vote without the old leader', (look) => {
      const gone = byInstance(look, old)?.machine === undefined;
      return look.healthy && gone;
    });
    const members = present(now.config).members;
    // Its id is free once it has left, and a replacement that boots late enough takes it.
    const heir = now.nodes.find(({ id }) => id === old.id);
    assert.ok(
      heir?.machine === 'running' || members.every(({ id }) => id !== old.id),
      'The dead member has left the config.',
    );
    assert.ok(
      members.some(({ address }) => address === old.address),
      "The replacement has the dead member's address, as nobody else was launched.",
    );
    await untilItWrites();
    await everyServerHas(await client.ask('acknowledged'));
  });

  test('a node that can not bootstrap abandons its launch, and another one takes its place', async () => {
    const { nodes: known } = await status();
    const giver = await follower();
    const old = await leader();
    await ask('terminate', { target: old.instance });
    const young = await replacement(known);
    assert.equal(young.address, old.address, 'A dead member that is not removed yet has the address, too.');
    // Without an id it is no member, and refuses data that nobody can vouch for as soon as it finds some.
    await ask('fault', { kind: 'error', service: 'logs', action: 'CreateLogStream', caller: young.instance });
    const addresses = [giver, young].map(({ address }) => present(address)) as [string, string];
    const copied = (): Promise<boolean> =>
      copyData(lab.name, lab.state.privateKey, ...addresses).then(
        () => true,
        // It may be gone before the copy has ended.
        async (error: unknown) => {
          if (!isGone(await status(), young)) throw error;
          return true;
        },
      );
    await waitFor(copied, { limitMs: MINUTE_MS, why: 'the data is copied to the replacement' });
    // Its bootstrap is tried three times, twenty seconds apart, and nothing else ends a launch in less than three
    // minutes.
    await until('the node is gone', (now) => isGone(now, young), 2 * MINUTE_MS);
    const calls = (await ask('calls', {})).filter(({ caller }) => caller === young.instance);
    const answers = calls.find(({ action }) => action === 'CompleteLifecycleAction');
    assert.ok(answers && answers.calls > answers.failures, `It gave its launch up itself: ${JSON.stringify(calls)}`);
    await ask('clear-faults', {});
    await untilHealthy('three vote again', 3);
    await untilItWrites();
    assert.deepEqual(await recordKinds(), ['genesis']);
  });

  test('a follower that is cut off stops to serve, nothing else does, and it comes back by itself', async () => {
    const cut = await follower();
    const led = await leader();
    await ask('partition', { from: cut.instance, to: 'all', oneWay: false, aws: false });
    await until('the follower does not serve', (now) => !isVoting(present(byInstance(now, cut))), MINUTE_MS);
    await untilItWrites();
    const during = await status();
    assert.equal(byInstance(during, led)?.role, 'leader', 'The same leader leads.');
    assert.equal(during.nodes.filter(isVoting).length, 2);
    // Longer than from one tick of the image's cron to the next: what it does meanwhile must not be wrong.
    await staysSo(async () => !isVoting(present(byInstance(await status(), cut))), {
      limitMs: 1.5 * MINUTE_MS,
      why: 'the follower that is cut off does not serve',
      pollMs: 2_000,
    });
    await ask('heal', {});
    const healed = await untilHealthy('the follower votes again', 3);
    assert.equal(byInstance(healed, cut)?.id, cut.id);
    assert.deepEqual(await recordKinds(), ['genesis']);
    await everyServerHas(await client.ask('acknowledged'));
  });

  for (const oneWay of [false, true]) {
    test(`the leader is cut off${oneWay ? ' one-way' : ''}: another one leads, and there is one history`, async () => {
      const cut = await leader();
      await ask('partition', { from: cut.instance, to: 'all', oneWay, aws: false });
      await until('another node leads', (now) =>
        now.nodes.some(({ role, instance }) => role === 'leader' && instance !== cut.instance),
      );
      await untilItWrites();
      const alone = byInstance(await status(), cut);
      assert.ok(!isVoting(present(alone)), `The old leader is ${alone?.role}.`);
      await ask('heal', {});
      const healed = await untilHealthy('the old leader votes again', 3);
      assert.equal(byInstance(healed, cut)?.id, cut.id);
      assert.deepEqual(await recordKinds(), ['genesis']);
      await everyServerHas(await client.ask('acknowledged'));
    });
  }

  test('a majority is terminated: the entry of cron that was baked recovers it, with the data of who is left', async () => {
    const before = await client.ask('acknowledged');
    const lost = await ask('terminate', { target: 'majority' });
    const now = await until('three others vote', (look) => {
      return look.healthy && look.nodes.every(({ instance, machine }) => !lost.includes(instance) || !machine);
    });
    assert.equal(votersOf(present(now.config)).length, 3);
    assert.deepEqual(await recordKinds(), ['genesis', 'forced']);
    await untilItWrites();
    // The last write may have been acknowledged by the two that were lost alone.
    await everyServerHas(before.slice(0, -1));
  });

  test('scaled to five', async () => {
    await ask('scale', { nodes: 5 });
    const now = await untilHealthy('five vote', 5);
    assert.equal(votersOf(present(now.config)).length, 5);
    await untilItWrites();
  });

  test('a first boot that is cut off again and again is completed by the next one', async () => {
    const known = (await status()).nodes;
    await ask('terminate', { target: (await follower()).instance });
    const young = await replacement(known);
    for (const afterMs of [500, 2_000, 4_000, 6_000]) {
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await ask('reboot', { target: young.instance });
    }
    const now = await untilHealthy('five vote again', 5);
    assert.ok(isVoting(present(byInstance(now, young))), 'The node itself got there, and no other in its place.');
  });

  test('nobody was denied anything, and every write is on every server', async () => {
    await client.ask('stop');
    const acknowledged = await client.ask('acknowledged');
    assert.ok(acknowledged.length > 200);
    assert.equal(await denials(), deniedAtFirst);
    await everyServerHas(acknowledged.slice(-WRITES_AFTER));
  });
});
