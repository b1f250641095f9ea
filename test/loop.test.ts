// SPDX-License-Identifier: Apache-2.0
/** The loop: observe, decide, act, and every way in which it ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentError } from '../src/errors.ts';
import { type AgentOrder, type LoopOutcome, type LoopParts, REAL_PARTS, runAgent } from '../src/loop.ts';
import type { Observation } from '../src/model/observation.ts';
import { type Decision, done, type Step, type StepKind, take, wait } from '../src/model/step.ts';
import { PRODUCTION_TIMINGS } from '../src/timings.ts';
import { MemoryNode } from './act/memory-node.ts';
import { SCENES } from './act/steps.ts';
import { addressOf, CLUSTER, EMPTY_DISK, genesisOf, groupOf, instanceOf, reportOf, sharedOf } from './decide/parts.ts';
import { fencedSurvivor, healthy } from './decide/situations.ts';

const never = new AbortController().signal;
const ORDER: AgentOrder = { command: 'recovery', cluster: CLUSTER, timings: PRODUCTION_TIMINGS, limitMs: 50_000 };

interface Script {
  /** One after another; the last one for ever. */
  readonly decisions: readonly Decision[];
  readonly act?: () => Promise<void>;
  readonly onLook?: (count: number) => void;
}

class ScriptedRun {
  readonly node = new MemoryNode();
  looks = 0;
  acts = 0;
  readonly watched: (Observation['watch'] | undefined)[] = [];
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
  }

  run(order: Partial<AgentOrder> = {}, signal = never): Promise<LoopOutcome> {
    const { decisions } = this.#script;
    const parts: LoopParts = {
      giveUp: REAL_PARTS.giveUp,
      observe: async (look) => {
        // A look takes a moment; a loop that never sleeps must still come to its limit.
        this.node.nowMs += 10;
        this.watched.push(look.memory.watch(this.node.nowMs));
        this.looks++;
        this.#script.onLook?.(this.looks);
        return healthy();
      },
      decide: () => decisions[Math.min(this.looks, decisions.length) - 1] ?? done('The script is at its end.'),
      act: async () => {
        this.acts++;
        await this.#script.act?.();
      },
    };
    return runAgent(this.node.ports, { ...ORDER, ...order }, signal, parts);
  }

  get sleeps(): number {
    return this.node.journal.filter((entry) => entry.startsWith('sleep')).length;
  }

  events(name: string): readonly Readonly<Record<string, unknown>>[] {
    return this.node.logged.filter(({ event }) => event === name);
  }
}

const STOP = take({ kind: 'stop-server' }, 'It must not run.');
const START = take({ kind: 'start-server' }, 'It should run.');

test('ends as soon as there is nothing to do', async () => {
  const run = new ScriptedRun({ decisions: [STOP, START, done('All is well.')] });
  assert.deepEqual(await run.run(), { kind: 'done', why: 'All is well.' });
  assert.equal(run.acts, 2);
  assert.equal(run.sleeps, 0);
});

test('waits between looks while something is awaited, and ends at its limit with the reason', async () => {
  const run = new ScriptedRun({ decisions: [wait('The others are not there yet.')] });
  const outcome = await run.run({ limitMs: 10_000 });
  assert.equal(outcome.kind, 'out-of-time');
  assert.equal(outcome.kind === 'out-of-time' && outcome.why, 'The others are not there yet.');
  assert.equal(run.acts, 0);
  assert.ok(run.looks >= 9 && run.looks <= 11, `${run.looks} looks`);
  // The same sentence is said once.
  assert.equal(run.events('decided').length, 1);
});

test('a step that leads nowhere is repeated at a walking pace', async () => {
  const run = new ScriptedRun({ decisions: [STOP] });
  assert.equal((await run.run({ limitMs: 10_000 })).kind, 'out-of-time');
  assert.ok(run.acts <= 11, `${run.acts} acts`);
});

test('a step that fails is told with its code and tried again at a walking pace', async () => {
  const run = new ScriptedRun({
    decisions: [STOP],
    act: () => Promise.reject(new AgentError('NO_SPACE', 'The disk is full.', 'Make room.')),
  });
  assert.equal((await run.run({ limitMs: 10_000 })).kind, 'out-of-time');
  assert.ok(run.acts <= 6, `${run.acts} acts`);
  const [failed] = run.events('failed');
  assert.equal(failed?.code, 'NO_SPACE');
  assert.equal(failed?.saw, 'The disk is full.');
});

test('a changed precondition means to look again at once', async () => {
  const run = new ScriptedRun({
    decisions: [STOP, done('It was stopped already.')],
    act: () => Promise.reject(new AgentError('PRECONDITION_CHANGED', 'It is stopped.', 'Nothing.')),
  });
  assert.equal((await run.run()).kind, 'done');
  assert.equal(run.sleeps, 0);
});

test('an error of ours in a step does not end the run', async () => {
  const run = new ScriptedRun({ decisions: [STOP, done('Well.')], act: () => Promise.reject(new TypeError('oops')) });
  assert.equal((await run.run()).kind, 'done');
  assert.equal(run.events('failed')[0]?.code, 'INTERNAL');
});

test('a refusal ends the run with its code and what to do next', async () => {
  const refusal = { kind: 'refuse', code: 'DATA_WITHOUT_STAMP', why: 'Whose is it?', next: 'Move it away.' } as const;
  const run = new ScriptedRun({ decisions: [refusal] });
  assert.deepEqual(await run.run(), { ...refusal, kind: 'refused' });
  assert.equal(run.looks, 1);
});

test('a dry run looks once, answers with all it saw, and does nothing', async () => {
  const run = new ScriptedRun({ decisions: [STOP] });
  const outcome = await run.run({ dryRun: true });
  assert.equal(outcome.kind, 'dry-run');
  assert.equal(run.looks, 1);
  assert.equal(run.acts, 0);
  if (outcome.kind === 'dry-run') assert.deepEqual(outcome.observation, healthy());
});

test('an abort while waiting ends the run with its reason', async () => {
  const abort = new AbortController();
  const run = new ScriptedRun({
    decisions: [wait('Wait.')],
    onLook: (count) => {
      if (count === 3) abort.abort(new AgentError('INTERRUPTED', 'Stopped.', 'Run it again.'));
    },
  });
  await assert.rejects(run.run({}, abort.signal), { code: 'INTERRUPTED' });
  assert.equal(run.looks, 3);
});

test('an abort during a step ends the run, and is no failure of the step', async () => {
  const abort = new AbortController();
  const run = new ScriptedRun({
    decisions: [STOP],
    act: async () => {
      abort.abort(new AgentError('INTERRUPTED', 'Stopped.', 'Run it again.'));
      throw new Error('cut off');
    },
  });
  await assert.rejects(run.run({}, abort.signal), { code: 'INTERRUPTED' });
  assert.deepEqual(run.events('failed'), []);
});

test('facts are watched by one process, on the monotonic clock, and anew as soon as they differ', async () => {
  const decisions = [wait('a', 'one'), wait('a', 'one'), wait('a', 'two'), wait('a'), wait('a', 'two'), done('end')];
  const run = new ScriptedRun({ decisions });
  await run.run();
  assert.deepEqual(
    run.watched.map((watch) => watch?.digest),
    [undefined, 'one', 'one', 'two', undefined, 'two'],
  );
  const ages = run.watched.map((watch) => watch?.forMs ?? 0);
  assert.ok((ages[2] ?? 0) > (ages[1] ?? 0), 'equal facts grow older');
  assert.ok((ages[3] ?? 0) < (ages[2] ?? 0), 'other facts start anew');
});

test('after a step on the node itself only the node is looked at again; after any other, or a failure, all is', async () => {
  const failing = take({ kind: 'raise-fence', record: 1 }, 'It fails.');
  const ready = take({ kind: 'mark-ready', id: 1 }, 'Not local.');
  const decisions = [STOP, ready, failing, wait('Wait.'), done('end')];
  const given: boolean[] = [];
  let look = 0;
  const parts: LoopParts = {
    giveUp: REAL_PARTS.giveUp,
    observe: async (_look, _signal, unchanged) => {
      given.push(unchanged !== undefined);
      return healthy();
    },
    decide: () => decisions[look++] ?? done('end'),
    act: async (step) => {
      if (step.kind === 'raise-fence') throw new AgentError('PRECONDITION_CHANGED', 'No.', 'Nothing.');
    },
  };
  await runAgent(new MemoryNode().ports, ORDER, never, parts);
  assert.deepEqual(given, [false, true, false, false, false]);
});

type SeenAgain = NonNullable<Parameters<LoopParts['observe']>[2]>['changed'] | 'the whole world';

/**
 * What the look after each step sees anew. A step that changes the ensemble, or what others see, asks for all of it.
 */
const SEEN_AGAIN: Readonly<Record<StepKind, SeenAgain>> = {
  'claim-id': 'node and shared',
  'attach-slot': 'the whole world',
  'release-id': 'the whole world',
  'void-claim': 'the whole world',
  'restore-stream': 'the whole world',
  'write-id': 'node',
  'note-dead': 'the whole world',
  'create-genesis': 'the whole world',
  'prepare-genesis': 'node',
  'set-data-aside': 'node',
  'prepare-join': 'node',
  'mend-files': 'the whole world',
  'start-server': 'the whole world',
  'note-failed-start': 'node',
  'stop-server': 'node',
  'remove-members': 'the whole world',
  'add-self': 'the whole world',
  'mark-ready': 'the whole world',
  'claim-place': 'the whole world',
  'write-name': 'the whole world',
  'remove-names': 'the whole world',
  'vouch-config': 'node',
  'write-report': 'node and reports',
  'withdraw-report': 'the whole world',
  'raise-fence': 'node',
  'lift-fence': 'node',
  'propose-record': 'node and reports',
  'answer-proposal': 'node and reports',
  'accept-record': 'node and records',
  'write-record': 'node and records',
  'keep-source': 'node',
  'found-forced': 'node',
  'mark-left': 'the whole world',
  'unmark-left': 'node',
  'remove-self': 'the whole world',
  'stop-removed': 'the whole world',
  'complete-launch': 'the whole world',
  'signal-success': 'the whole world',
  'give-up-launch': 'the whole world',
  'unmark-abandoned': 'node',
  'complete-leaving': 'the whole world',
  'complete-hooks-of-the-gone': 'the whole world',
};

/** What the second look sees anew, after a step that took so long. */
async function seenAgainAfter(
  step: Step,
  { tookMs = 0, seenFirst = healthy(), fails }: { tookMs?: number; seenFirst?: Observation; fails?: AgentError } = {},
): Promise<SeenAgain> {
  const node = new MemoryNode();
  const seen: SeenAgain[] = [];
  const parts: LoopParts = {
    giveUp: REAL_PARTS.giveUp,
    observe: async (_look, _signal, earlier) => {
      seen.push(earlier?.changed ?? 'the whole world');
      return seenFirst;
    },
    decide: () => (seen.length === 1 ? take(step, 'It is due.') : done('end')),
    act: async () => {
      node.nowMs += tookMs;
      if (fails) throw fails;
    },
  };
  // The rest after a failure is no look that took long.
  const timings = { ...PRODUCTION_TIMINGS, ...(fails ? { factsStandMs: 2 * PRODUCTION_TIMINGS.pollMs } : {}) };
  await runAgent(node.ports, { ...ORDER, timings }, never, parts);
  return seen[1] ?? 'the whole world';
}

for (const kind of Object.keys(SEEN_AGAIN) as StepKind[]) {
  test(`after ${kind} the next look sees anew: ${SEEN_AGAIN[kind]}`, async () => {
    assert.equal(await seenAgainAfter(SCENES[kind]().step), SEEN_AGAIN[kind]);
  });
}

test('after a step that took long nothing of the look before it stands any more', async () => {
  const { factsStandMs } = PRODUCTION_TIMINGS;
  assert.equal(await seenAgainAfter({ kind: 'keep-source', record: 2 }, { tookMs: factsStandMs - 1 }), 'node');
  assert.equal(await seenAgainAfter({ kind: 'keep-source', record: 2 }, { tookMs: factsStandMs }), 'the whole world');
});

test('after a step that failed the next look sees anew: the whole world', async () => {
  const fails = new AgentError('NO_SPACE', 'The disk is full.', 'Free space.');
  for (const { step } of [SCENES['raise-fence'](), SCENES['write-report'](), SCENES['accept-record']()]) {
    assert.equal(await seenAgainAfter(step, { fails }), 'the whole world', step.kind);
  }
});

test('before the first ensemble the claims of the others are waited for, so after a claim the whole world is seen anew', async () => {
  const { ensemble: _, ...alone } = healthy();
  assert.equal(
    await seenAgainAfter(SCENES['claim-id']().step, { seenFirst: { ...alone, ensemble: undefined } }),
    'the whole world',
  );
});

test('whoever was second to claim an id looks at the claims again, and at nothing else', async () => {
  const node = new MemoryNode();
  node.disk = EMPTY_DISK;
  node.instances = [1, 2].map((id) => ({ instance: instanceOf(id), state: 'running' as const }));
  node.group = { ...node.group, desired: 2 };
  node.shelf.after = (call) => {
    if (call !== 'streams') return;
    // Right after the first listing, so that this node does not know yet.
    node.shelf.after = () => {};
    node.shelf.streams.set('1.1', 0);
    node.shelf.put('claims/1.1.json', { instance: instanceOf(2), address: addressOf(2) });
  };
  await runAgent(node.ports, { ...ORDER, command: 'bootstrap', limitMs: 3_000 }, never, REAL_PARTS);
  const { journal } = node;
  const lost = journal.indexOf('stream 1.1');
  const between = journal.slice(lost + 1, journal.indexOf('stream 2.1'));
  assert.ok(lost >= 0 && between.includes('streams'), journal.join('\n'));
  assert.ok(!between.some((entry) => /^(group|ec2|target)/.test(entry)), between.join('\n'));
});

test('a node that can not learn who it is ends at once', async () => {
  const run = new ScriptedRun({ decisions: [STOP] });
  run.node.onCall = (call) => {
    if (call === 'identity') throw new AgentError('NO_METADATA', 'Nobody answers.', 'Look at the instance.');
  };
  await assert.rejects(run.run(), { code: 'NO_METADATA' });
  assert.equal(run.looks, 0);
});

/** A node that launches beside an ensemble of others, and does not get anywhere. */
class Launching {
  readonly node = new MemoryNode(4);
  readonly acts: string[] = [];
  looks = 0;
  /** What differs at each look. */
  atLook: (count: number) => Partial<Observation> = () => ({});
  readonly #decision: Decision;
  readonly #lifecycleState: string;

  constructor(decision: Decision, lifecycleState = 'Pending:Wait') {
    this.#decision = decision;
    this.#lifecycleState = lifecycleState;
  }

  run(order: Partial<AgentOrder>, act: LoopParts['act'] = async () => undefined): Promise<LoopOutcome> {
    const self = { instance: instanceOf(4), address: addressOf(4), cluster: CLUSTER };
    const parts: LoopParts = {
      giveUp: REAL_PARTS.giveUp,
      observe: async (look) => {
        this.node.nowMs += 10;
        const instances = [{ instance: self.instance, lifecycleState: this.#lifecycleState }];
        const group = groupOf([4], { instances });
        const changes = this.atLook(++this.looks);
        return healthy({ self, group, order: look.order, stack: STACK, disk: { ...EMPTY_DISK, id: 4 }, ...changes });
      },
      decide: () => this.#decision,
      act: async (step, context) => {
        this.acts.push(step.kind);
        await act(step, context);
      },
    };
    return runAgent(this.node.ports, { ...ORDER, limitMs: 5_000, ...order }, never, parts);
  }
}

const STACK = { signals: true, launchHook: 'launch' };
const REFUSAL = { kind: 'refuse', code: 'DATA_WITHOUT_STAMP', why: 'Whose is it?', next: 'Move it away.' } as const;

test('a bootstrap that runs out of time, or is refused, gives its launch up and ends as it would have', async () => {
  const late = new Launching(wait('It never comes.'));
  assert.equal((await late.run({ command: 'bootstrap' })).kind, 'out-of-time');
  assert.deepEqual(late.acts, ['give-up-launch']);
  const told = late.node.logged.find(({ decided }) => decided === 'give-up-launch');
  assert.match(String(told?.why), /It never comes/);
  const refused = new Launching(REFUSAL);
  assert.deepEqual(await refused.run({ command: 'bootstrap' }), { ...REFUSAL, kind: 'refused' });
  assert.deepEqual(refused.acts, ['give-up-launch']);
});

test('nothing is given up by a tick, by a node in service, by an end that is good, or by an interruption', async () => {
  const tick = new Launching(wait('It never comes.'));
  await tick.run({ command: 'recovery' });
  const inService = new Launching(wait('It never comes.'), 'InService');
  await inService.run({ command: 'bootstrap' });
  const good = new Launching(done('All is well.'));
  await good.run({ command: 'bootstrap' });
  assert.deepEqual([...tick.acts, ...inService.acts, ...good.acts], []);
});

test('Joining 10: a node whose machine stood still until its limit looks again, and gives nothing up without a leader', async () => {
  const late = new Launching(wait('It never comes.'));
  late.atLook = (count) => {
    if (count !== 1) return { ensemble: undefined, shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]) };
    late.node.nowMs += 5_000;
    return {};
  };
  assert.equal((await late.run({ command: 'bootstrap' })).kind, 'out-of-time');
  assert.deepEqual([late.looks, late.acts], [2, []]);
});

test('a launch that can not be given up is told, and the run ends with its own reason', async () => {
  const late = new Launching(REFUSAL);
  const denied = () => Promise.reject(new AgentError('AWS_DENIED', 'Denied.', 'Allow it.'));
  assert.deepEqual(await late.run({ command: 'bootstrap' }, denied), { ...REFUSAL, kind: 'refused' });
  assert.ok(late.node.logged.some(({ event, code }) => event === 'failed' && code === 'AWS_DENIED'));
});

test('with its real parts, a lonely node claims an id and founds an ensemble of one', async () => {
  const node = new MemoryNode();
  node.disk = EMPTY_DISK;
  node.group = { ...node.group, desired: 1, instances: [{ instance: instanceOf(1), lifecycleState: 'InService' }] };
  node.instances = [{ instance: instanceOf(1), state: 'running' }];
  await runAgent(node.ports, { ...ORDER, command: 'bootstrap', limitMs: 30_000 }, never, REAL_PARTS);
  const steps = node.logged.filter(({ event }) => event === 'acted').map(({ step }) => step);
  const others = steps.filter((step) => step !== 'write-id').slice(0, 4);
  assert.deepEqual(others, ['claim-id', 'create-genesis', 'prepare-genesis', 'start-server']);
  assert.equal(node.disk.id, 1);
  assert.equal(node.disk.stamp?.lineage, 1);
});

test('with its real parts, a survivor goes from silence to the founding of the next lineage by itself', async () => {
  const before = fencedSurvivor();
  const node = new MemoryNode();
  node.disk = { ...before.disk, reported: false };
  const { fence: _, ...unfenced } = node.disk;
  node.disk = unfenced;
  node.instances = [
    { instance: instanceOf(1), state: 'running' },
    { instance: instanceOf(2), state: 'terminated' },
    { instance: instanceOf(3), state: 'terminated' },
  ];
  assert.ok(before.shared.known);
  for (const { id, owner } of before.shared.value.claims) {
    node.shelf.streams.set(`${id}.1`, 3_600_000);
    node.shelf.put(`claims/${id}.1.json`, owner);
  }
  node.shelf.put('lineage/000001.json', before.shared.value.records[0]);
  // Its server finds no quorum until the ensemble is its own.
  node.onCall = (call) => {
    if (call === `srvr ${addressOf(1)}` && node.running && node.disk.stamp?.lineage === 1) {
      node.answers.set(addressOf(1), { kind: 'not-serving' });
    }
  };
  await runAgent(node.ports, { ...ORDER, limitMs: 120_000 }, never, REAL_PARTS);
  const steps = node.logged.filter(({ event }) => event === 'acted').map(({ step }) => step);
  const founding = steps.slice(steps.indexOf('raise-fence')).filter((step) => step !== 'note-dead');
  const expected = [
    'raise-fence',
    'write-report',
    'propose-record',
    'keep-source',
    'accept-record',
    'found-forced',
    'lift-fence',
    'start-server',
  ];
  assert.deepEqual(founding.slice(0, expected.length), expected);
  assert.ok(steps.includes('note-dead'));
  assert.equal(node.disk.stamp?.lineage, 2);
  const { journal } = node;
  const reported = journal.findIndex((entry) => entry.startsWith('replace reports/'));
  const next = journal.slice(
    reported + 1,
    journal.findIndex((entry, index) => index > reported && /^sleep/.test(entry)),
  );
  assert.ok(next.includes('list reports/'), 'the reports are read again');
  const others = next.filter((entry) => /^(list|get|streams|ec2|group)/.test(entry) && !/reports/.test(entry));
  assert.deepEqual(others, [], 'and nothing else of the world');
  const created = journal.indexOf('create lineage/000002.json');
  const afterwards = journal.slice(created + 1, journal.indexOf('disk stamp 2'));
  assert.ok(created >= 0 && afterwards.includes('list lineage/'));
  assert.ok(!afterwards.includes('streams') && !afterwards.includes('list '), 'the claims are not read again');
  assert.deepEqual(
    node.disk.config?.members.map(({ id }) => id),
    [1],
  );
  assert.ok(node.disk.aside.some(({ data }) => data.lastZxid === reportOf(1).report.data?.lastZxid));
  const watched = node.journal.filter((entry) => entry.startsWith('sleep')).length * PRODUCTION_TIMINGS.pollMs;
  assert.ok(watched >= PRODUCTION_TIMINGS.recoveryQuietMs, 'the facts were watched');
});
