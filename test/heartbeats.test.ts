// SPDX-License-Identifier: Apache-2.0
/** Heartbeats of a lifecycle hook: at once, then at intervals, one at a time, and never in the way of the work. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../src/errors.ts';
import { Heartbeats } from '../src/heartbeats.ts';
import type { Observation } from '../src/model/observation.ts';
import type { Ports } from '../src/ports.ts';
import { LAB_TIMINGS, type Timings } from '../src/timings.ts';
import { MemoryNode } from './act/memory-node.ts';
import { groupOf, instanceOf } from './decide/parts.ts';
import { healthy } from './decide/situations.ts';

const TIMINGS: Timings = { ...LAB_TIMINGS, heartbeatMs: 20, hookLimitMs: 6_000_000 };
const WHY = 'This node waits for the others.';

function seen(lifecycleState: string, stack: Observation['stack'] = STACK): Observation {
  const instances = [{ instance: instanceOf(1), lifecycleState }];
  return healthy({ group: groupOf([1], { instances }), ...(stack ? { stack } : {}) });
}

const STACK = { signals: true, launchHook: 'launch', terminateHook: 'terminate' };

interface Beats {
  readonly node: MemoryNode;
  readonly heartbeats: Heartbeats;
  readonly beats: string[];
  readonly limitsAsked: string[];
  most: number;
}

/** With a clock that really sleeps: heartbeats run beside the work. */
function started(
  answer: () => Promise<'recorded' | 'over'> = async () => 'recorded',
  run = new AbortController(),
  limit: () => Promise<number | undefined> = async () => 12_000_000,
): Beats {
  const node = new MemoryNode();
  const state = { node, beats: [] as string[], limitsAsked: [] as string[], most: 0, now: 0 };
  const ports: Ports = {
    ...node.ports,
    clock: { ...node.ports.clock, sleep: async (ms, signal) => void (await sleep(ms, undefined, { signal })) },
    autoScaling: {
      ...node.ports.autoScaling,
      heartbeat: async (group, hook, instance) => {
        state.beats.push(`${group} ${hook} ${instance}`);
        state.most = Math.max(state.most, ++state.now);
        return answer().finally(() => state.now--);
      },
      hookLimitMs: async (group, hook) => {
        state.limitsAsked.push(`${group} ${hook}`);
        return limit();
      },
    },
  };
  return Object.assign(state, { heartbeats: new Heartbeats(ports, TIMINGS, run.signal) });
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 1_000, 'it never came about');
    await sleep(5);
  }
}

test('the first one is sent at once, the others follow while the node waits, also in maintenance', async () => {
  const each = started();
  await using heartbeats = each.heartbeats;
  const observation = seen('Pending:Wait');
  assert.ok(observation.group.known);
  heartbeats.saw(
    { ...observation, group: { known: true, value: { ...observation.group.value, maintenance: true } } },
    WHY,
  );
  assert.equal(each.beats.length, 1);
  await until(() => each.beats.length >= 3);
  assert.match(each.beats[0] ?? '', /group launch i-0a01$/);
  heartbeats.saw(seen('InService'), WHY);
  const before = each.beats.length;
  await sleep(100);
  assert.equal(each.beats.length, before);
  heartbeats.saw(seen('Terminating:Wait'), WHY);
  await until(() => each.beats.length > before);
  assert.match(each.beats.at(-1) ?? '', /group terminate i-0a01$/);
});

test('nobody is prolonged who waits in no hook, or whose hook is not known', async () => {
  const each = started();
  await using heartbeats = each.heartbeats;
  for (const state of ['Pending', 'InService', 'Terminating', 'Terminating:Proceed', 'Pending:Proceed']) {
    heartbeats.saw(seen(state), WHY);
  }
  heartbeats.saw(seen('Pending:Wait', { signals: true }), WHY);
  heartbeats.saw(healthy({ stack: STACK, group: { known: false, why: 'late' } }), WHY);
  await sleep(60);
  assert.deepEqual(each.beats, []);
});

test('never two at a time, however often somebody looks', async () => {
  let release = (): void => {};
  const each = started(() => new Promise((resolve) => (release = () => resolve('recorded'))));
  await using heartbeats = each.heartbeats;
  for (let look = 0; look < 5; look++) {
    heartbeats.saw(seen('Pending:Wait'), WHY);
    await sleep(20);
  }
  assert.equal(each.beats.length, 1);
  release();
  await until(() => each.beats.length === 2);
  release();
  assert.equal(each.most, 1);
  heartbeats.saw(seen('InService'), WHY);
});

test('one that fails is logged with its code, and the next one is sent all the same', async () => {
  const each = started(() => Promise.reject(new AgentError('AWS_DENIED', 'Denied.', 'Allow it.')));
  await using heartbeats = each.heartbeats;
  heartbeats.saw(seen('Terminating:Wait'), WHY);
  await until(() => each.beats.length >= 2);
  const [failed] = each.node.logged;
  assert.deepEqual([failed?.event, failed?.code, failed?.saw], ['no-heartbeat', 'AWS_DENIED', 'Denied.']);
});

test('the end of the run lets the one that is under way through, and sends no other', async () => {
  let release = (): void => {};
  const each = started(() => new Promise((resolve) => (release = () => resolve('recorded'))));
  each.heartbeats.saw(seen('Pending:Wait'), WHY);
  const ended = each.heartbeats[Symbol.asyncDispose]();
  let over = false;
  void ended.then(() => {
    over = true;
  });
  await sleep(20);
  assert.equal(over, false);
  release();
  await ended;
  await sleep(60);
  assert.equal(each.beats.length, 1);
  assert.ok(each.node.logged.some(({ event }) => event === 'heartbeat'));
});

const isTold = ({ node }: Beats): boolean => node.logged.some(({ code }) => code === 'HOOK_ENDS_SOON');

async function twoMore(each: Beats): Promise<void> {
  const before = each.beats.length;
  await until(() => each.beats.length >= before + 2);
}

test('near the limit that the hook itself has the log says so, with the reason of the wait and what to do', async () => {
  const each = started();
  await using heartbeats = each.heartbeats;
  heartbeats.saw(seen('Terminating:Wait'), WHY);
  await until(() => each.beats.length >= 2);
  assert.deepEqual(each.limitsAsked, [], 'No hook ends this early, whatever its timeout.');
  each.node.nowMs += 9_540_000;
  await twoMore(each);
  assert.ok(!isTold(each));
  each.node.nowMs += 60_000;
  await until(() => isTold(each));
  const told = each.node.logged.find(({ code }) => code === 'HOOK_ENDS_SOON');
  assert.match(String(told?.saw), /terminate has held this instance for 160 minutes; in about 40 .* This node waits/);
  assert.match(String(told?.next), /zk-agent status/);
  assert.equal(each.limitsAsked.length, 1);
  assert.match(each.limitsAsked[0] ?? '', /group terminate$/);
});

test('a limit that could not be had is that of a hook of 300 s, and is asked for again; a deleted hook has none', async () => {
  const denied = started(undefined, undefined, () =>
    Promise.reject(new AgentError('AWS_DENIED', 'Denied.', 'Allow it.')),
  );
  await using heartbeats = denied.heartbeats;
  heartbeats.saw(seen('Pending:Wait'), WHY);
  await until(() => denied.beats.length >= 2);
  denied.node.nowMs += 4_800_000;
  await until(() => isTold(denied));
  await until(() => denied.limitsAsked.length >= 2);
  const told = denied.node.logged.find(({ code }) => code === 'HOOK_ENDS_SOON');
  assert.match(String(told?.saw), /its own limit is not known: Denied\. This node waits/);

  const deleted = started(undefined, undefined, async () => undefined);
  await using others = deleted.heartbeats;
  others.saw(seen('Pending:Wait'), WHY);
  await until(() => deleted.beats.length >= 2);
  deleted.node.nowMs += 40_000_000;
  await twoMore(deleted);
  assert.ok(deleted.limitsAsked.length > 0 && !isTold(deleted));
});
