// SPDX-License-Identifier: Apache-2.0
/**
 * Something happens between the look that led to a step and the step itself: the moment for which `act` checks again.
 * Each case here brings one node to a step, does something then, and sees that the step refuses, does nothing, and that
 * the cluster is whole again afterwards.
 */
import assert from 'node:assert/strict';
import type { ActContext } from '../../src/act/context.ts';
import { AgentError } from '../../src/errors.ts';
import type { Step, StepKind } from '../../src/model/step.ts';
import type { Case } from './directed-cases.ts';
import type { Node } from './node/node.ts';
import type { Scenario } from './scenario.ts';

export interface Moment<K extends StepKind> {
  readonly scenario: Scenario;
  readonly node: Node;
  readonly step: Extract<Step, { kind: K }>;
  readonly context: ActContext;
}

export interface Meanwhile<K extends StepKind> {
  readonly name: string;
  readonly nodes: number;
  readonly hooks?: boolean;
  readonly named?: boolean;
  readonly step: K;
  /** Brings a node to the step; the cluster is whole before. */
  readonly lead: (scenario: Scenario) => Promise<void> | void;
  /** From the first boot on, for steps that a whole cluster never takes again. */
  readonly atGenesis?: true;
  /** Answers with how to take it back, once the step has refused. */
  readonly happens: (moment: Moment<K>) => (() => void) | Promise<() => void>;
  readonly refuses: RegExp;
}

/** A case as the directed tests play them. */
export function meanwhile<K extends StepKind>(row: Meanwhile<K>): Case {
  const { name, nodes, hooks, named } = row;
  return {
    ...{ name, nodes },
    ...(hooks === undefined ? {} : { hooks }),
    ...(named === undefined ? {} : { named }),
    play: (scenario) => play(row, scenario),
  };
}

async function play<K extends StepKind>(row: Meanwhile<K>, scenario: Scenario): Promise<void> {
  const { world } = scenario;
  if (!row.atGenesis) await scenario.whole();
  const seen: string[] = [];
  let over = false;
  let happening = false;
  world.parts = (parts, node) => ({
    ...parts,
    act: async (step, context) => {
      if (over || happening || step.kind !== row.step) return parts.act(step, context);
      happening = true;
      // Its type is that of the kind that was compared just now.
      const takeBack = await row.happens({ scenario, node, step: step as Extract<Step, { kind: K }>, context });
      try {
        await parts.act(step, context);
        seen.push('nothing');
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        seen.push(error.message);
        over = row.refuses.test(error.message);
        throw error;
      } finally {
        takeBack();
        happening = false;
      }
    },
  });
  await row.lead(scenario);
  const endMs = world.scheduler.nowMs + 1_200_000;
  while (!over && world.scheduler.nowMs < endMs) await scenario.advance(1_000);
  assert.ok(
    over,
    `${row.step} never refused as ${row.refuses}; it said: ${[...new Set(seen)].join(' | ') || 'nothing'}`,
  );
  world.parts = undefined;
  // Whoever was told to leave stays out: its group is to replace it.
  await scenario.advance(120_000);
  for (const node of scenario.nodes) if (node.disk.left) world.terminate(node.instance);
  await scenario.whole();
}
