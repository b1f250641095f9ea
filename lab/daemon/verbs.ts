// SPDX-License-Identifier: Apache-2.0
/** The requests to a running lab over its control socket. Arguments and results are plain JSON. */

import type { CallCount } from '../../cloud/index.ts';
import type { LineageRecord } from '../../src/model/records.ts';
import type { Killable } from '../hypervisor/machine.ts';
import type { Frame } from './control-socket.ts';
import type { Deployer } from './deployment.ts';
import type { LabStatus, NamedCut } from './lab-status.ts';
import { LAB_CALLER } from './local-cloud.ts';
import type { PartitionOrder } from './partition.ts';
import type { FaultArguments, Lab } from './running-lab.ts';
import type { ChangedLimits } from './scale.ts';

/** Each verb's arguments and result. */
export interface Verbs {
  status: [Record<string, never>, LabStatus];
  /** Waits until every desired node votes, and CloudFormation is done with the stack. */
  healthy: [{ limitMs: number }, LabStatus];
  resolve: [{ target: string }, readonly string[]];
  terminate: [{ target: string }, readonly string[]];
  /** Waits until CloudFormation is done with the stack. Rejects with the failure of its operation. */
  settled: [Record<string, never>, null];
  /** Answers with what had to change before AWS takes the size. */
  scale: [{ nodes: number }, ChangedLimits];
  /** Updates the stack to this image, or to a new one when it is left out. Answers with the image's id. */
  update: [{ imageId?: string }, string];
  /** Deploys the stack again after `delete`. Answers with the cluster's id. */
  deploy: [Record<string, never>, string];
  delete: [{ withData: boolean }, null];
  pause: [{ target: string }, readonly string[]];
  resume: [{ target: string }, readonly string[]];
  kill: [{ target: string; what: Killable }, readonly { instance: string; killed: readonly { pid: number }[] }[]];
  reboot: [{ target: string }, readonly string[]];
  fault: [FaultArguments, string];
  'clear-faults': [Record<string, never>, null];
  'list-faults': [Record<string, never>, readonly object[]];
  /** How another tool calls the local AWS, as an operator who may do everything. */
  access: [Record<string, never>, Deployer & { readonly region: string }];
  calls: [Record<string, never>, readonly CallCount[]];
  agent: [{ target: string; arguments: readonly string[] }, { code: number | null; signal: string | null }];
  forget: [{ instance: string }, null];
  connect: [Record<string, never>, string];
  /** The network namespace in which the addresses can be reached; null on loopback. */
  namespace: [Record<string, never>, string | null];
  /** Answers with all present cuts. */
  partition: [PartitionOrder, readonly NamedCut[]];
  heal: [Record<string, never>, null];
  records: [Record<string, never>, readonly LineageRecord[]];
}

export type Verb = keyof Verbs;

type Handlers = {
  readonly [V in Verb]: (
    lab: Lab,
    args: Verbs[V][0],
    emit: (frame: Frame) => void,
    signal: AbortSignal,
  ) => Promise<Verbs[V][1]>;
};

const PROGRESS_EVERY_MS = 2_000;

const HANDLERS: Handlers = {
  status: (lab) => lab.status(),
  healthy: (lab, { limitMs }, emit, signal) => untilHealthy(lab, limitMs, emit, signal),
  settled: (lab, _, __, signal) => lab.deployed(signal).then(() => null),
  resolve: async (lab, { target }) => (await lab.nodesMeant(target)).map((node) => node.instance),
  terminate: (lab, { target }) => lab.terminate(target),
  scale: (lab, { nodes }) => lab.scale(nodes),
  deploy: async (lab, _, emit, signal) => {
    await lab.deploy((line) => emit({ kind: 'progress', line }), signal);
    return lab.stack.cluster;
  },
  delete: (lab, { withData }, emit, signal) =>
    lab.delete(withData, (line) => emit({ kind: 'progress', line }), signal).then(() => null),
  update: (lab, { imageId }, emit, signal) => lab.update(imageId, (line) => emit({ kind: 'progress', line }), signal),
  pause: (lab, { target }) => lab.pause(target),
  resume: (lab, { target }) => lab.resume(target),
  kill: (lab, { target, what }) => lab.kill(target, what),
  reboot: (lab, { target }) => lab.reboot(target),
  fault: async (lab, fault) => lab.addFault(fault),
  'clear-faults': async (lab) => {
    lab.aws.faults.clear();
    return null;
  },
  'list-faults': async (lab) => lab.aws.faults.list(),
  access: async (lab) => ({ ...lab.cloud.operatorAccess, region: lab.aws.region }),
  calls: async (lab) => lab.aws.calls.counts().filter(({ caller }) => caller !== LAB_CALLER),
  agent: async (lab, args, emit, signal) => {
    const { code, signal: endedBy } = await lab.agent(args.target, args.arguments, {
      signal,
      onOutput: (stream, text) => emit({ kind: 'output', stream, text }),
    });
    return { code, signal: endedBy };
  },
  forget: (lab, { instance }) => lab.forget(instance).then(() => null),
  connect: async (lab) => lab.connectionString(),
  namespace: async (lab) => lab.namespace ?? null,
  partition: (lab, order) => lab.partition(order),
  heal: (lab) => lab.heal().then(() => null),
  records: (lab) => lab.records(),
};

export function runVerb(
  lab: Lab,
  verb: string,
  args: unknown,
  emit: (frame: Frame) => void,
  signal: AbortSignal,
): Promise<unknown> {
  if (!Object.hasOwn(HANDLERS, verb)) throw new Error(`The lab knows no "${verb}".`);
  const handler = HANDLERS[verb as Verb] as (
    lab: Lab,
    args: unknown,
    emit: (frame: Frame) => void,
    signal: AbortSignal,
  ) => Promise<unknown>;
  return handler(lab, args, emit, signal);
}

async function untilHealthy(
  lab: Lab,
  limitMs: number,
  emit: (frame: Frame) => void,
  signal: AbortSignal,
): Promise<LabStatus> {
  const either = new AbortController();
  const ends = AbortSignal.any([signal, either.signal]);
  try {
    // A failed deployment explains more than nodes that do not vote.
    await Promise.all([lab.untilHealthy(limitMs, ends, reporter(emit)), lab.deployed(ends)]);
    return await lab.status();
  } finally {
    either.abort(new Error('Nobody waits any more.'));
  }
}

/** Prints a line whenever the status changes, and one every two seconds while it does not. */
function reporter(emit: (frame: Frame) => void): (status: LabStatus) => void {
  let last = '';
  let saidAt = 0;
  return (status) => {
    const line = summaryOf(status);
    if (line === last && performance.now() - saidAt < PROGRESS_EVERY_MS) return;
    last = line;
    saidAt = performance.now();
    emit({ kind: 'progress', line });
  };
}

/** `3 of 3 instances run, 2 vote, leader is id 1`. */
function summaryOf({ group, nodes }: LabStatus): string {
  const running = nodes.filter((node) => node.state === 'running').length;
  const voting = nodes.filter((node) => node.role === 'leader' || node.role === 'follower');
  const leader = voting.find((node) => node.role === 'leader');
  const led = leader === undefined ? 'no leader' : `id ${leader.id} leads`;
  return `${running} of ${group.desired} instances run, ${voting.length} vote, ${led}`;
}
