// SPDX-License-Identifier: Apache-2.0
/**
 * One simulated history, from its seed to its verdict: a phase with faults, then one without, in which it must heal.
 */
import type { SlotKind } from '../../src/model/cloud.ts';
import { type Choice, chosen } from './additions/registry.ts';
import { whyNotHealed } from './checkers/healing.ts';
import { Violation } from './core/violation.ts';
import type { Mutation } from './mutations/mutation.ts';
import { Operator } from './operator.ts';
import { Scaling } from './scaling.ts';
import { Story } from './story.ts';
import { World } from './world.ts';

export interface HistoryOptions extends Choice {
  readonly seed: number;
  readonly mode?: 'dynamic' | SlotKind;
  readonly mutation?: Mutation;
  readonly write?: (line: string) => void;
}

export interface Verdict {
  readonly seed: number;
  readonly ok: boolean;
  /** The checker that was not content, and what it saw. */
  readonly rule?: string;
  readonly message?: string;
  readonly effects: number;
  readonly acknowledged: number;
  /** Recoveries by force that wrote their record. */
  readonly forcedRecords: number;
  readonly virtualMs: number;
  /** From the end of the faults until the cluster was whole. */
  readonly healedAfterMs?: number;
  /** How often each addition struck that did. */
  readonly strikes: Readonly<Record<string, number>>;
  /** Equal for two runs of one seed. */
  readonly digest: string;
}

const LOOK_MS = 5_000;
const STAYS_WHOLE_MS = 20_000;
/** An hour in which a node may wait until it may set data aside once more (Server 4; seed 60043662), and a recovery. */
const HEALING_LIMIT_MS = 4_500_000;

export async function simulateHistory(options: HistoryOptions): Promise<Verdict> {
  const { seed } = options;
  const world = worldOf(options);
  const operator = new Operator(world);
  let healedAfterMs: number | undefined;
  let violation: Violation | undefined;
  // Where an error was made costs more to know than all that the agent does about it; a trace tells it.
  const frames = Error.stackTraceLimit;
  Error.stackTraceLimit = options.write ? frames : 0;
  try {
    await faultyPhase(world, operator);
    healedAfterMs = await healingPhase(world, operator);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error;
    world.trace.line('check', 'VIOLATION', () => error.message);
  } finally {
    Error.stackTraceLimit = frames;
  }
  return {
    seed,
    ok: violation === undefined,
    ...(violation ? { rule: violation.rule, message: violation.message } : {}),
    effects: world.effects,
    acknowledged: world.writer.acknowledged,
    forcedRecords: world.forcedRecords,
    virtualMs: Math.round(world.scheduler.nowMs),
    ...(healedAfterMs === undefined ? {} : { healedAfterMs }),
    strikes: world.additions.counts,
    digest: world.trace.digest(),
  };
}

/** The size comes from the seed, too. */
function worldOf({ seed, mode, mutation, write, ...choice }: HistoryOptions): World {
  const sizes = [3, 3, 5, 3, 1, 3, 4, 2, 3, 5];
  const nodes = sizes[seed % sizes.length] ?? 3;
  return new World({
    seed,
    nodes,
    ...(mode === 'elastic-ip' ? { addresses: poolFor(seed, nodes) } : {}),
    additions: chosen(choice),
    ...(mutation ? { mutation } : {}),
    ...(write ? { write } : {}),
  });
}

/** As many as nodes, or with a spare one or two, and never one alone (Elastic IP 1). */
function poolFor(seed: number, nodes: number): number {
  return Math.max(2, nodes + (Math.floor(seed / 10) % 3));
}

async function faultyPhase(world: World, operator: Operator): Promise<void> {
  const { random, weather, scheduler } = world;
  world.crashShare = random.pick([0, 0.001, 0.004, 0.02]);
  weather.accidents = random.pick([0, 0.002, 0.02]);
  const quietMs = random.chance(0.3) ? random.between(0, 30_000) : random.between(60_000, 120_000);
  if (world.scalingAlone) {
    world.additions.stop();
    const scaling = new Scaling(world);
    scaling.begin();
    await scheduler.run(random.between(240_000, 700_000), () => false);
    scaling.end();
    return;
  }
  const alone = world.additions.strikes('whole-losses');
  world.additions.begin(world, quietMs, alone);
  const story = new Story(world);
  if (alone) world.trace.line('fault', 'whole losses alone');
  else if (random.chance(0.5)) story.begin(quietMs);
  else operator.begin(quietMs, random.pick([8_000, 20_000, 40_000, 80_000]));
  // A loss comes after a while, and so does what comes of it.
  await scheduler.run(quietMs + random.between(alone ? 250_000 : 60_000, 500_000), () => false);
  story.end();
}

async function healingPhase(world: World, operator: Operator): Promise<number> {
  const { scheduler } = world;
  operator.calm();
  const startMs = scheduler.nowMs;
  let wholeSinceMs: number | undefined;
  while (scheduler.nowMs < startMs + HEALING_LIMIT_MS) {
    await scheduler.run(scheduler.nowMs + LOOK_MS, () => false);
    const nowMs = scheduler.nowMs;
    if (whyNotHealed(world) === undefined) {
      wholeSinceMs ??= nowMs;
      if (nowMs - wholeSinceMs >= STAYS_WHOLE_MS) return Math.round(wholeSinceMs - startMs);
      continue;
    }
    wholeSinceMs = undefined;
    operator.replaceTheLeft();
    operator.replaceTheLost();
    operator.followAdvice();
  }
  throw new Violation('heals', `${whyNotHealed(world)} after 75 minutes without faults; ${lastWords(world)}`);
}

function lastWords(world: World): string {
  return world.living.map((node) => `${node.name}: ${node.said}`).join(' | ');
}
