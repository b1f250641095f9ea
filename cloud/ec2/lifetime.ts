// SPDX-License-Identifier: Apache-2.0
import type { Struct } from '../value.ts';

/** How long EC2 takes for changes that moto makes at once; milliseconds. */
export interface Ec2Timings {
  /** From RunInstances to running. */
  readonly pendingMs: number;
  /** From TerminateInstances to terminated. */
  readonly shuttingDownMs: number;
  /** From terminated to the loss of tags, address, subnet and volumes. */
  readonly remainsMs: number;
  /** From terminated until its volumes, network interfaces and Elastic IP addresses are free for others. */
  readonly detachMs: number;
}

export const DEFAULT_EC2_TIMINGS: Ec2Timings = { pendingMs: 300, shuttingDownMs: 300, remainsMs: 0, detachMs: 300 };

/**
 * Eventual consistency: the delay until other instances see a new one, and its tags. Each delay is 0.5 to 1.5 × these
 * values.
 */
export interface LateVisibility {
  readonly instanceMs: number;
  /** Counted from the moment when the instance itself is visible. */
  readonly tagsMs: number;
  /** The same seed gives the n-th instance the same delays. */
  readonly seed: number;
}

/** The times of the changes of one instance; milliseconds since 1970. */
export interface Lifetime {
  readonly launchedAtMs: number;
  readonly runningAtMs: number;
  readonly visibleAtMs: number;
  readonly tagsVisibleAtMs: number;
  /** It was told to stop, and its machine is still on. */
  readonly stopping?: boolean;
  readonly shuttingDownAtMs?: number;
  readonly terminatedAtMs?: number;
  readonly strippedAtMs?: number;
  readonly freedAtMs?: number;
  readonly forgottenAtMs?: number;
}

/**
 * The caller who looks. An instance sees other instances late and itself at once. The operator and the gateway see
 * everything at once.
 */
export interface Viewer {
  readonly caller: string;
  readonly atMs: number;
  /** Set for a service of AWS, which may use its reserved tags. */
  readonly systemTags?: boolean;
}

const STATE_CODES = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 };

/** One instance as EC2 shows it to this viewer. Undefined while EC2 does not show it. `data` is moto's Instance. */
export function view(id: string, data: Struct, life: Lifetime, viewer: Viewer): Struct | undefined {
  const { atMs } = viewer;
  if (atMs < life.launchedAtMs || atMs >= (life.forgottenAtMs ?? Infinity)) return undefined;
  const late = viewer.caller.startsWith('i-') && viewer.caller !== id;
  if (late && atMs < life.visibleAtMs) return undefined;
  const shown = withState(data, stateAt(data, life, atMs));
  if (atMs >= (life.strippedAtMs ?? Infinity)) return without(shown, LOST_BY_THE_TERMINATED);
  return late && atMs < life.tagsVisibleAtMs ? { ...shown, Tags: [] } : shown;
}

function stateAt(data: Struct, life: Lifetime, atMs: number): keyof typeof STATE_CODES {
  if (atMs >= (life.terminatedAtMs ?? Infinity)) return 'terminated';
  if (atMs >= (life.shuttingDownAtMs ?? Infinity)) return 'shutting-down';
  if (atMs < life.runningAtMs) return 'pending';
  const name = typeof data.State === 'object' && 'Name' in data.State ? data.State.Name : undefined;
  // Moto's instances stop and start without any delay.
  if (name !== 'stopped' && name !== 'stopping') return 'running';
  return life.stopping === true ? 'stopping' : 'stopped';
}

function withState(data: Struct, name: keyof typeof STATE_CODES): Struct {
  return { ...data, State: { Code: STATE_CODES[name], Name: name } };
}

const LOST_BY_THE_TERMINATED = [
  'Tags',
  'PrivateIpAddress',
  'PrivateDnsName',
  'PublicIpAddress',
  'PublicDnsName',
  'SubnetId',
  'VpcId',
  'NetworkInterfaces',
  'SecurityGroups',
  'BlockDeviceMappings',
  'IamInstanceProfile',
];

function without(struct: Struct, names: readonly string[]): Struct {
  return Object.fromEntries(Object.entries(struct).filter(([name]) => !names.includes(name)));
}

/** The delays of the n-th instance of a lab. */
export function visibilityDelays(late: LateVisibility | undefined, ordinal: number) {
  if (late === undefined) return { instanceMs: 0, tagsMs: 0 };
  return {
    instanceMs: late.instanceMs * (0.5 + chance(late.seed, 2 * ordinal)),
    tagsMs: late.tagsMs * (0.5 + chance(late.seed, 2 * ordinal + 1)),
  };
}

/** A number between 0 and 1 that depends only on its arguments (the mixing step of splitmix32). */
function chance(seed: number, index: number): number {
  let mixed = (seed + Math.imul(index + 1, 0x9e3779b9)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
}
