// SPDX-License-Identifier: Apache-2.0
/** Scenarios of a record that is written long after its facts were seen (docs/protocol.md, Recovery 9). */
import assert from 'node:assert/strict';
import type { Case } from './directed-cases.ts';
import type { Node } from './node/node.ts';
import type { Scenario } from './scenario.ts';

/** Two of five are damaged and one is gone, so the quorum is lost for good as long as nobody mends them. */
async function lose(scenario: Scenario): Promise<readonly Node[]> {
  await scenario.whole();
  const damaged = scenario.followers.slice(0, 2);
  for (const node of damaged) {
    scenario.world.ensemble.kill(node, 'by hand');
    assert.ok(node.disk.data);
    node.disk.data.currentEpoch -= 1;
  }
  scenario.terminateAtOnce(...scenario.followers.slice(2, 3));
  return damaged;
}

/** As the runbook says: the epoch of the last transaction into `currentEpoch`. The quorum is back without the rest. */
async function mend(scenario: Scenario, damaged: readonly Node[]): Promise<void> {
  for (const node of damaged) if (node.disk.data) node.disk.data.currentEpoch += 1;
  await scenario.until('the quorum is back', () => scenario.world.leader !== undefined, 400_000);
  await scenario.advance(90_000);
}

/** What is written last before servers stop for it. */
const DECISIVE = /^PutObject once lineage\/000002(\/outcomes\/.*)?\.json$/;

async function stopDecider(scenario: Scenario, answered = false): Promise<() => Node> {
  let decider: Node | undefined;
  scenario.world.hand = {
    stopsBefore: (machine, label) => {
      if (decider || !DECISIVE.test(label)) return false;
      // Not the end of a proposal that another one follows.
      if (answered && !(proposes(scenario, machine) && isAnswered(scenario, machine))) return false;
      decider = scenario.nodes.find((node) => node.name === machine);
      return true;
    },
  };
  return () => {
    assert.ok(decider);
    return decider;
  };
}

export const PROPOSAL_CASES: readonly Case[] = [
  {
    name: 'a machine stands still right before the record that it decided on, and the damaged are mended meanwhile',
    nodes: 5,
    hooks: false,
    without: ['nobody-answers', 'withdrawn-unsettled'],
    play: async (scenario) => {
      const damaged = await lose(scenario);
      const decider = await stopDecider(scenario);
      await scenario.until(
        'the record is about to be written',
        () => scenario.nodes.some((node) => node.paused),
        600_000,
      );
      await mend(scenario, damaged);
      decider().resume();
      await scenario.advance(200_000);
      await scenario.whole();
    },
  },
  {
    name: 'the outcome of a proposal arrives ten minutes late, and the damaged are mended meanwhile',
    nodes: 5,
    hooks: false,
    without: ['withdrawn-unsettled'],
    play: async (scenario) => {
      const damaged = await lose(scenario);
      const held: (() => void)[] = [];
      let decider: string | undefined;
      scenario.world.hand = {
        holds: (machine, label, late) => {
          decider ??= DECISIVE.test(label) ? machine : undefined;
          if (machine !== decider || !DECISIVE.test(label)) return false;
          held.push(late);
          return true;
        },
      };
      await scenario.until('the record is being written', () => held.length > 0, 600_000);
      await mend(scenario, damaged);
      scenario.world.hand = {};
      await scenario.advance(500_000);
      for (const arrive of held) arrive();
      // It is looked at when nobody leads for a moment, and its owner has not seen the latest writes.
      const behind = scenario.nodes.find((node) => node.name === decider);
      behind?.pause();
      await scenario.advance(90_000);
      for (const node of scenario.nodes) scenario.world.supervisor.crash(node, 'crashes');
      await scenario.advance(60_000);
      behind?.resume();
      await scenario.advance(200_000);
      await scenario.whole();
    },
  },
  {
    name: 'an answer arrives after its node has withdrawn and serves',
    nodes: 5,
    hooks: false,
    without: ['answer-unconditional'],
    play: async (scenario) => {
      const damaged = await lose(scenario);
      const { network } = scenario.world.ensemble;
      const held = new Map<string, () => void>();
      const { scheduler } = scenario.world;
      let mendedAtMs = Number.POSITIVE_INFINITY;
      let told = false;
      scenario.world.hand = {
        holds: (machine, label, late) => {
          if (!/^PutObject reports\//.test(label) || !isProposed(scenario, machine)) return false;
          // Whoever has looked since then does not answer any more.
          const mended = scheduler.nowMs > mendedAtMs + 10_000;
          told ||= mended && damaged.every(({ name }) => reportOf(scenario, name).includes('"canVote":true'));
          if (told || (mended && damaged.some(({ name }) => name === machine))) return false;
          if (!held.has(machine)) held.set(machine, late);
          return true;
        },
      };
      await scenario.until('answers are on their way', () => held.size === scenario.nodes.length - 1, 600_000);
      // The proposer sees the bucket, and nobody else.
      const proposer = scenario.nodes.find((node) => proposes(scenario, node.name));
      assert.ok(proposer);
      for (const { name } of scenario.nodes) if (name !== proposer.name) network.cut(proposer.name, name);
      mendedAtMs = scheduler.nowMs;
      proposer.pause();
      await mend(scenario, damaged);
      for (const arrive of held.values()) arrive();
      await scenario.advance(1_000);
      proposer.resume();
      await scenario.advance(120_000);
      network.heal();
      await scenario.advance(200_000);
      await scenario.whole();
    },
  },
  {
    name: 'the proposer is terminated when all have answered, and the next best recovers',
    nodes: 5,
    hooks: false,
    play: async (scenario) => {
      await lose(scenario);
      const decider = await stopDecider(scenario);
      await scenario.until(
        'the record is about to be written',
        () => scenario.nodes.some((node) => node.paused),
        600_000,
      );
      scenario.terminateAtOnce(decider());
      await scenario.whole();
    },
  },
  {
    name: 'a record is founded and its proposer stands still: whoever sees that writes the record',
    nodes: 5,
    hooks: false,
    play: async (scenario) => {
      await lose(scenario);
      let stopped: Node | undefined;
      scenario.world.hand = {
        stopsBefore: (machine, label) => {
          if (stopped || label !== 'PutObject once lineage/000002.json') return false;
          stopped = scenario.nodes.find((node) => node.name === machine);
          return true;
        },
      };
      await scenario.until('the record is founded', () => stopped !== undefined, 600_000);
      await scenario.until('the others write it', () => scenario.records().length === 2, 200_000);
      stopped?.resume();
      await scenario.whole();
    },
  },
  {
    name: 'a damaged node is mended, and its proposal is founded right before it would be void',
    nodes: 5,
    hooks: false,
    play: async (scenario) => {
      const [mended] = await lose(scenario);
      assert.ok(mended?.disk.data);
      const decider = await stopDecider(scenario, true);
      await scenario.until(
        'the outcome is about to be written',
        () => scenario.nodes.some((node) => node.paused),
        600_000,
      );
      const proposer = decider();
      scenario.world.hand = {
        stopsBefore: (machine, label) => machine === mended.name && DECISIVE.test(label) && proposer.paused,
      };
      mended.disk.data.currentEpoch += 1;
      await scenario.until('it is about to be void', () => mended.paused, 200_000);
      proposer.resume();
      await scenario.until('the record is written', () => scenario.records().length === 2, 60_000);
      mended.resume();
      await scenario.whole();
    },
  },
  {
    name: 'an earlier write of a node arrives right before its answer, which then binds nobody',
    nodes: 5,
    hooks: false,
    play: async (scenario) => {
      await lose(scenario);
      const { objects } = scenario.world.cloud;
      let stopped: Node | undefined;
      scenario.world.hand = {
        stopsBefore: (machine, label) => {
          if (stopped || !label.startsWith('PutObject reports/') || !isProposed(scenario, machine)) return false;
          stopped = scenario.nodes.find((node) => node.name === machine);
          return true;
        },
      };
      await scenario.until('an answer is about to be written', () => stopped !== undefined, 600_000);
      assert.ok(stopped);
      const { name } = stopped;
      objects.put(`reports/${name}.json`, reportOf(scenario, name).replace(/"serial":"/, '"serial":"0'));
      stopped.resume();
      await scenario.whole();
    },
  },
  {
    name: 'a node of the release before, which can not answer, withdraws right before the outcome',
    nodes: 5,
    hooks: false,
    play: async (scenario) => {
      await lose(scenario);
      const { objects } = scenario.world.cloud;
      let older: Node | undefined;
      let proposer: Node | undefined;
      const last = new Map<string, string>();
      const key = () => `reports/${older?.name}.json`;
      scenario.world.hand = {
        stopsBefore: (machine, label) => {
          const node = scenario.nodes.find((each) => each.name === machine);
          if (older === undefined && label.startsWith('PutObject reports/') && isProposed(scenario, machine)) {
            older = node;
            objects.put(key(), reportOf(scenario, machine).replace('"format":2,', ''));
            return true;
          }
          // The outcome alone asks for the fence and then for a report.
          const accepts = last.get(machine) === 'disk fenced?' && label === `GetObject ${key()}`;
          last.set(machine, label);
          if (proposer || !accepts || !proposes(scenario, machine)) return false;
          proposer = node;
          return true;
        },
      };
      await scenario.until('only the outcome is left', () => proposer !== undefined, 600_000);
      objects.put(key(), '{"serial":"withdrawn"}');
      proposer?.resume();
      older?.resume();
      await scenario.whole();
    },
  },
  {
    name: 'a person lifts fences by hand, right before an answer and right before the outcome',
    nodes: 5,
    hooks: false,
    play: async (scenario) => {
      const damaged = await lose(scenario);
      let answering: Node | undefined;
      let accepting: Node | undefined;
      scenario.world.hand = {
        stopsBefore: (machine, label) => {
          if (label !== 'disk fenced?') return false;
          const node = scenario.nodes.find((each) => each.name === machine);
          if (!answering && node && damaged.includes(node) && isProposed(scenario, machine)) answering = node;
          else if (!accepting && node && proposes(scenario, machine) && isAnswered(scenario, machine)) accepting = node;
          else return false;
          return true;
        },
      };
      for (const stopped of [() => answering, () => accepting]) {
        await scenario.until('a step is about to begin', () => stopped() !== undefined, 600_000);
        const node = stopped();
        assert.ok(node);
        node.disk.fence = undefined;
        node.resume();
      }
      await scenario.whole();
    },
  },
  {
    name: 'objects under reports/ that are none of ours hold no recovery up',
    nodes: 3,
    hooks: false,
    play: async (scenario) => {
      await scenario.whole();
      const { objects } = scenario.world.cloud;
      objects.put('reports/', '');
      objects.put('reports/notes.txt', 'by hand');
      scenario.terminateAtOnce(...scenario.nodes.slice(0, 2));
      await scenario.whole();
      assert.equal(scenario.records().length, 2);
    },
  },
  {
    name: 'a report that somebody emptied is written anew by its node, and nobody recovers without it',
    nodes: 5,
    hooks: false,
    play: async (scenario) => {
      await scenario.whole();
      const { objects } = scenario.world.cloud;
      scenario.terminateAtOnce(...scenario.nodes.slice(0, 3));
      const [one] = scenario.nodes;
      assert.ok(one);
      await scenario.until('it has reported', () => objects.get(`reports/${one.name}.json`) !== undefined, 300_000);
      objects.put(`reports/${one.name}.json`, '');
      await scenario.whole();
    },
  },
  {
    name: 'a fenced node that loses its disk withdraws the report that it does not know of before it joins',
    nodes: 5,
    hooks: false,
    play: async (scenario) => {
      const damaged = await lose(scenario);
      const { objects } = scenario.world.cloud;
      const body = (node: Node) => objects.get(`reports/${node.name}.json`)?.body ?? '';
      const victim = scenario.nodes.find((node) => !damaged.includes(node) && node.disk.data);
      assert.ok(victim);
      await scenario.until('it is fenced and says so', () => body(victim).includes('"fenced":true'), 600_000);
      victim.powerOff('wiped');
      const others = scenario.nodes.filter((node) => node !== victim);
      for (const node of damaged) if (node.disk.data) node.disk.data.currentEpoch += 1;
      await scenario.until('the others serve', () => scenario.world.leader !== undefined, 400_000);
      assert.ok(others.length > 2);
      victim.up = true;
      victim.wipe('disk');
      await scenario.whole();
      assert.ok(!body(victim).includes('"report"'));
    },
  },
];

function reportOf(scenario: Scenario, machine: string): string {
  return scenario.world.cloud.objects.get(`reports/${machine}.json`)?.body ?? '';
}

function proposes(scenario: Scenario, machine: string): boolean {
  return reportOf(scenario, machine).includes('"kind":"proposes"');
}

/** Somebody else has proposed a record, so that what this machine writes next is its answer. */
function isProposed(scenario: Scenario, machine: string): boolean {
  const told = reportOf(scenario, machine).includes('"fenced":true');
  return told && scenario.nodes.some(({ name }) => name !== machine && proposes(scenario, name));
}

/** All others have answered, so that the next step is the outcome. */
function isAnswered(scenario: Scenario, proposer: string): boolean {
  return scenario.nodes.every(({ name }) => name === proposer || reportOf(scenario, name).includes('"kind":"answers"'));
}
