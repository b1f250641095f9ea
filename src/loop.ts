/** observe → decide → act, and again until there is nothing to do, the limit is reached, or somebody says stop. */
import { act as realAct } from './act/act.ts';
import { decide as realDecide } from './decide/decide.ts';
import { AgentError, type ErrorCode } from './errors.ts';
import type { Command, Observation, Order } from './model/observation.ts';
import type { Decision, Step } from './model/step.ts';
import { Memory } from './observe/memory.ts';
import { observe as realObserve } from './observe/observe.ts';
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
}

export type Outcome =
  | { readonly kind: 'done'; readonly why: string }
  | { readonly kind: 'out-of-time'; readonly why: string }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly why: string; readonly next: string }
  | { readonly kind: 'dry-run'; readonly observation: Observation; readonly decision: Decision };

/** The three parts of the loop; a simulation may wrap them. */
export interface Parts {
  readonly observe: typeof realObserve;
  readonly decide: typeof realDecide;
  readonly act: typeof realAct;
}

export const REAL_PARTS: Parts = { observe: realObserve, decide: realDecide, act: realAct };

/** Runs one order. Rejects with an AgentError only for what no further look can mend: no metadata, no group. */
export async function runAgent(
  ports: Ports,
  agentOrder: AgentOrder,
  signal: AbortSignal,
  parts: Parts = REAL_PARTS,
): Promise<Outcome> {
  const { clock } = ports;
  const endMs = clock.monotonicMs() + agentOrder.limitMs;
  const look = await prepare(ports, agentOrder, endMs, signal);
  let last = { sentence: '', step: '' };
  let sentence = 'The limit was reached before the first look.';
  while (clock.monotonicMs() < endMs) {
    signal.throwIfAborted();
    const observation = await parts.observe(look, signal);
    const decision = parts.decide(observation);
    sentence = decision.why;
    if (agentOrder.dryRun) return { kind: 'dry-run', observation, decision };
    if (sentence !== last.sentence) report(ports, observation, decision);
    look.memory.keepWatch(decision.kind === 'wait' ? decision.watch : undefined, clock.monotonicMs());
    if (decision.kind === 'done') return decision;
    if (decision.kind === 'refuse') return { ...decision, kind: 'refused' };
    const step = decision.kind === 'step' ? JSON.stringify(decision.step) : '';
    // The same step again means that it led nowhere: look at a walking pace then.
    if (decision.kind === 'wait' || step === last.step) await clock.sleep(agentOrder.timings.pollMs, signal);
    if (decision.kind === 'step')
      await perform(decision.step, parts, { ports, self: look.self, timings: look.timings, signal });
    last = { sentence, step };
  }
  return { kind: 'out-of-time', why: sentence };
}

/** Who this node is and which group it is in: asked once, and again for as long as the answer is only late. */
async function prepare(ports: Ports, agentOrder: AgentOrder, endMs: number, signal: AbortSignal) {
  const { cluster, timings } = agentOrder;
  const identity = await ports.metadata.identity(signal);
  const group = await findGroup(ports, identity.instance, timings, endMs, signal);
  const order: Order = {
    command: agentOrder.command,
    allowEmptyGenesis: agentOrder.allowEmptyGenesis ?? false,
    rejoin: agentOrder.rejoin ?? false,
  };
  const self = { instance: identity.instance, address: identity.address, cluster };
  return { ports, order, self, group, timings, memory: new Memory() };
}

/**
 * The group of the instance. Without an answer the loop still runs (a stamped node restarts without AWS), and every
 * look at the group then fails by itself, which counts as unknown.
 */
async function findGroup(
  ports: Ports,
  instance: string,
  timings: Timings,
  endMs: number,
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    try {
      const group = await ports.autoScaling.groupOf(instance, signal);
      if (group !== undefined) return group;
    } catch (error) {
      signal.throwIfAborted();
      ports.log.write({ event: 'unknown', saw: `The Auto Scaling group of ${instance} is unknown: ${String(error)}` });
      return '';
    }
    // A young instance may not be listed in its group yet.
    if (ports.clock.monotonicMs() + timings.pollMs >= endMs) break;
    await ports.clock.sleep(timings.pollMs, signal);
  }
  throw new AgentError(
    'NO_GROUP',
    `The instance ${instance} is in no Auto Scaling group.`,
    'Launch it through the group of the stack; an instance by itself can be no member.',
  );
}

async function perform(step: Step, parts: Parts, context: Parameters<Parts['act']>[1]): Promise<void> {
  const { ports, signal, timings } = context;
  ports.log.write({ event: 'act', step: step.kind });
  try {
    await parts.act(step, context);
    ports.log.write({ event: 'acted', step: step.kind });
  } catch (error) {
    signal.throwIfAborted();
    const code = error instanceof AgentError ? error.code : 'INTERNAL';
    ports.log.write({
      event: 'failed',
      step: step.kind,
      code,
      saw: error instanceof Error ? error.message : String(error),
    });
    if (code !== 'PRECONDITION_CHANGED') await ports.clock.sleep(timings.pollMs, signal);
  }
}

function report(ports: Ports, observation: Observation, decision: Decision): void {
  ports.log.write({
    event: 'decided',
    saw: sightOf(observation),
    decided: decision.kind === 'step' ? decision.step.kind : decision.kind,
    why: decision.why,
  });
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
      : 'no leader',
  ];
  if (disk.fence) parts.push('fenced');
  return parts.join('; ');
}
