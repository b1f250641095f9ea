// SPDX-License-Identifier: Apache-2.0
/** observe → decide → act, repeated until nothing is left to do, the limit is reached, or a signal stops the run. */
import { ACTS, act as realAct } from './act/act.ts';
import { decide as realDecide } from './decide/decide.ts';
import { decideGivingUp } from './decide/launch.ts';
import { reportDigest } from './decide/recover.ts';
import { AgentError, type ErrorCode } from './errors.ts';
import { foundByHand } from './facts/by-hand.ts';
import { unreadableObjects } from './facts/unreadable-objects.ts';
import { Heartbeats } from './heartbeats.ts';
import { type Advice, adviceText } from './model/advice.ts';
import type { NameZone } from './model/names.ts';
import type { Command, Observation, Order, StackTies } from './model/observation.ts';
import { adviceOf, type Decision, type Missing, type Step } from './model/step.ts';
import type { Look } from './observe/look.ts';
import { Memory } from './observe/memory.ts';
import { type Earlier, observe as realObserve } from './observe/observe.ts';
import type { Ports } from './ports.ts';
import type { Timings } from './timings.ts';

export interface AgentOrder {
  readonly command: Command;
  readonly cluster: string;
  readonly timings: Timings;
  readonly limitMs: number;
  readonly allowEmptyGenesis?: boolean;
  readonly rejoin?: boolean;
  /** Looks and decides once, and does nothing. */
  readonly dryRun?: boolean;
  /** Absent for a node that belongs to no stack. */
  readonly stack?: StackTies;
  /** Absent where the cluster has no names. */
  readonly zone?: NameZone;
}

export type LoopOutcome =
  | { readonly kind: 'done'; readonly why: string; readonly advice?: readonly Advice[] }
  | { readonly kind: 'out-of-time'; readonly why: string; readonly cause?: Missing; readonly advice: readonly Advice[] }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly why: string; readonly next: string }
  | { readonly kind: 'dry-run'; readonly observation: Observation; readonly decision: Decision };

/**
 * The parts of the loop, and the decision that a run takes when it ends without success. A simulation may wrap them.
 */
export interface LoopParts {
  readonly observe: typeof realObserve;
  readonly decide: typeof realDecide;
  readonly act: typeof realAct;
  readonly giveUp: typeof decideGivingUp;
}

export const REAL_PARTS: LoopParts = { observe: realObserve, decide: realDecide, act: realAct, giveUp: decideGivingUp };

/** Runs one order. Rejects with an AgentError only when the node can't even learn who it is. */
export async function runAgent(
  ports: Ports,
  agentOrder: AgentOrder,
  signal: AbortSignal,
  parts: LoopParts = REAL_PARTS,
): Promise<LoopOutcome> {
  const endMs = ports.clock.monotonicMs() + agentOrder.limitMs;
  const look = await prepare(ports, agentOrder, signal);
  await using heartbeats = new Heartbeats(ports, agentOrder.timings, signal);
  const { outcome, seen } = await loop(look, agentOrder, { endMs, signal, parts, heartbeats });
  const failed = outcome.kind === 'out-of-time' || outcome.kind === 'refused';
  if (seen && failed && parts.giveUp(seen)?.kind === 'step') await giveUp(look, outcome.why, parts, signal);
  return outcome;
}

/**
 * Joining 10. The machine may have stood still since the last look, and the quorum may be lost meanwhile. So nothing is
 * given up without another look.
 */
async function giveUp(look: Look, why: string, parts: LoopParts, signal: AbortSignal): Promise<void> {
  const observation = await parts.observe(look, signal);
  const last = parts.giveUp(observation);
  if (last?.kind !== 'step') return;
  const { ports, timings } = look;
  const { self } = observation;
  ports.log.write({ event: 'decided', decided: last.step.kind, why: `${last.why} It gave up here: ${why}` });
  await perform(last.step, parts, { ports, self, timings, signal });
}

interface Course {
  readonly endMs: number;
  readonly signal: AbortSignal;
  readonly parts: LoopParts;
  readonly heartbeats: Heartbeats;
}

/** How the loop ended, and what was seen last. */
interface End {
  readonly outcome: LoopOutcome;
  readonly seen: Observation | undefined;
}

async function loop(look: Look, agentOrder: AgentOrder, course: Course): Promise<End> {
  const { endMs, signal, parts, heartbeats } = course;
  const { ports } = look;
  const { clock } = ports;
  let last = { words: '', step: '' };
  let sentence = 'The limit was reached before the first look.';
  let advice: readonly Advice[] = [];
  let cause: Missing | undefined;
  let earlier: Earlier | undefined;
  let lookedAtMs = 0;
  let seen: Observation | undefined;
  const told = new Set<string>();
  while (clock.monotonicMs() < endMs) {
    signal.throwIfAborted();
    if (!earlier) lookedAtMs = clock.monotonicMs();
    const observation = await parts.observe(look, signal, earlier);
    const decision = parts.decide(observation);
    sentence = decision.why;
    advice = adviceOf(decision);
    cause = decision.kind === 'wait' ? decision.missing : undefined;
    seen = observation;
    if (agentOrder.dryRun) return { outcome: { kind: 'dry-run', observation, decision }, seen };
    for (const found of foundByHand(observation)) {
      if (!told.has(found)) ports.log.write({ event: 'by-hand', saw: found });
      told.add(found);
    }
    const words = `${sentence} ${adviceText(advice)}`;
    if (words !== last.words) report(ports, observation, decision);
    heartbeats.saw(observation, sentence);
    // If a step changes the watched facts, their digest changes, and the time starts anew. Any other step leaves the
    // watch as it is.
    if (decision.kind === 'wait') look.memory.keepWatch(decision.watch, clock.monotonicMs());
    if (decision.kind === 'done') return { outcome: decision, seen };
    if (decision.kind === 'refuse') return { outcome: { ...decision, kind: 'refused' }, seen };
    const step = decision.kind === 'step' ? JSON.stringify(decision.step) : '';
    // The same step a second time means that it had no effect. The loop then waits before it looks again.
    if (decision.kind === 'wait' || step === last.step) await clock.sleep(pauseMs(look), signal);
    earlier = undefined;
    if (decision.kind === 'step') {
      const context = { ports, self: observation.self, timings: look.timings, signal };
      const acted = await perform(decision.step, parts, context);
      if (decision.step.kind === 'write-report' && acted === 'done') {
        look.memory.reported(reportDigest(decision.step.report), clock.monotonicMs());
      }
      // A step may take long, as a copy of much data does. After such a step nothing of the last look counts any more.
      const stands = clock.monotonicMs() - lookedAtMs < look.timings.factsStandMs;
      const changed = stands ? changedBy(decision.step, acted, observation) : undefined;
      if (changed) earlier = { observation, changed };
    }
    last = { words, step };
  }
  return { outcome: { kind: 'out-of-time', why: sentence, advice, ...(cause === undefined ? {} : { cause }) }, seen };
}

/**
 * The time until the next look. It is shortened so that a look falls on the moment when the watched facts have stood
 * for long enough.
 */
function pauseMs({ ports, memory, timings }: Look): number {
  const watch = memory.watch(ports.clock.monotonicMs());
  const leftMs = watch ? timings.recoveryQuietMs - watch.forMs : 0;
  return leftMs > 0 ? Math.min(timings.pollMs, Math.ceil(leftMs)) : timings.pollMs;
}

/**
 * What a step has changed, if that is little. Undefined means: look at everything again. Each step checks anyway what
 * it relies on.
 */
function changedBy(step: Step, acted: Acted, observation: Observation): Earlier['changed'] | undefined {
  const { changes } = ACTS[step.kind];
  // When all nodes boot at once, they race for the same id. The losers only need to read the new claims.
  if (acted === 'overtaken') return step.kind === 'claim-id' ? 'node and shared' : undefined;
  if (acted === 'failed' || changes === 'the world') return undefined;
  // Before the first ensemble a node waits for the claims of the others, so it looks again after a claim of its own.
  if (step.kind === 'claim-id' && observation.ensemble === undefined) return undefined;
  return changes;
}

/** The identity of this node. It is read once: the agent can do nothing for a node that it can't name. */
async function prepare(ports: Ports, agentOrder: AgentOrder, signal: AbortSignal) {
  const { cluster, timings } = agentOrder;
  const identity = await ports.metadata.identity(signal);
  const order: Order = {
    command: agentOrder.command,
    allowEmptyGenesis: agentOrder.allowEmptyGenesis ?? false,
    rejoin: agentOrder.rejoin ?? false,
  };
  const self = { instance: identity.instance, address: identity.address, cluster };
  const { stack, zone } = agentOrder;
  return {
    ...{ ports, order, self, timings, memory: new Memory() },
    ...(stack === undefined ? {} : { stack }),
    ...(zone === undefined ? {} : { zone }),
  };
}

/** `overtaken`: a fact that the step relies on has changed, so nothing was done. */
type Acted = 'done' | 'overtaken' | 'failed';

/** Logs a failure and does not reject: the next look shows what became of the step. */
async function perform(step: Step, parts: LoopParts, context: Parameters<LoopParts['act']>[1]): Promise<Acted> {
  const { ports, signal, timings } = context;
  ports.log.write({ event: 'act', step: step.kind });
  try {
    await parts.act(step, context);
    ports.log.write({ event: 'acted', step: step.kind });
    return 'done';
  } catch (error) {
    signal.throwIfAborted();
    const code = error instanceof AgentError ? error.code : 'INTERNAL';
    ports.log.write({
      event: 'failed',
      step: step.kind,
      code,
      saw: error instanceof Error ? error.message : String(error),
    });
    if (code === 'PRECONDITION_CHANGED') return 'overtaken';
    await ports.clock.sleep(timings.pollMs, signal);
    return 'failed';
  }
}

function report(ports: Ports, observation: Observation, decision: Decision): void {
  ports.log.write({
    event: 'decided',
    saw: sightOf(observation),
    decided: decision.kind === 'step' ? decision.step.kind : decision.kind,
    why: decision.why,
    ...advised(adviceOf(decision)),
  });
}

/** What a person may do: a sentence, and the data that it is made from. Empty when a person has nothing to do. */
export function advised(advice: readonly Advice[]): { next?: string; advice?: readonly Advice[] } {
  return advice.length === 0 ? {} : { next: adviceText(advice), advice };
}

/** What was seen, in a sentence. */
export function sightOf(observation: Observation): string {
  const { disk, server, shared, ensemble } = observation;
  const parts = [
    disk.id === undefined ? 'no id' : `id ${disk.id}`,
    server.upMs === undefined
      ? 'server stopped'
      : `server ${server.answer.kind === 'serving' ? server.answer.mode : server.answer.kind}`,
    shared.known ? `record ${shared.value.records.at(-1)?.number ?? 'none'}` : `AWS unknown (${shared.why})`,
    ensemble
      ? `leader ${ensemble.leader.id} with members ${ensemble.config.members.map((member) => member.id).join(',')}`
      : shared.known
        ? 'no leader'
        : 'leader not known without AWS',
  ];
  if (disk.fence) parts.push('fenced');
  for (const { file, why } of disk.unreadable ?? []) parts.push(`${file} can't be understood (${why})`);
  for (const { key, why } of unreadableObjects(observation)) parts.push(`${key} can't be understood (${why})`);
  if (disk.freeShare !== undefined) parts.push(`${Math.floor(disk.freeShare * 100)} % of the disk free`);
  return parts.join('; ');
}
