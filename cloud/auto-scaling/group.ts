// SPDX-License-Identifier: Apache-2.0
import type { Activity } from './activity.ts';
import type { LifecycleAction } from './lifecycle-action.ts';
import type { LifecycleHook } from './lifecycle-hook.ts';

export type LifecycleState =
  | 'Pending'
  | 'Pending:Wait'
  | 'Pending:Proceed'
  | 'InService'
  | 'Terminating'
  | 'Terminating:Wait'
  | 'Terminating:Proceed';

/** What happens when a launch fails in one zone: `balanced-only` waits for that zone, the other takes the next zone. */
export type DistributionStrategy = 'balanced-best-effort' | 'balanced-only';

/** Which instance is terminated at scale-in, within a zone: see `scaleInVictim`. */
export type TerminationPolicy = 'Default' | 'NewestInstance';

export interface GroupTag {
  readonly key: string;
  readonly value: string;
  readonly propagateAtLaunch: boolean;
}

/** As given: by id or name; the version is a number, `$Latest` or `$Default`. */
export interface TemplateReference {
  readonly id: string;
  readonly name: string;
  readonly version: string;
}

export interface Place {
  readonly subnet: string;
  readonly zone: string;
}

export interface GroupInstance {
  readonly instance: string;
  readonly place: Place;
  readonly instanceType: string;
  readonly template: { readonly id: string; readonly name: string; readonly version: number };
  readonly launchedAtMs: number;
  lifecycleState: LifecycleState;
  /** The waits of its present transition, begun with Pending:Wait and Terminating:Wait. */
  actions: readonly LifecycleAction[];
  /** The activity of the launch, and from Terminating on that of the termination. */
  activity: Activity;
  /** When it leaves Pending:Proceed. */
  proceedsUntilMs: number;
  inServiceAtMs?: number;
  /** No hook holds this leaving instance any more, so EC2 may terminate it. */
  released: boolean;
  healthy: boolean;
  protectedFromScaleIn: boolean;
}

export const PROCESSES = [
  'Launch',
  'Terminate',
  'AddToLoadBalancer',
  'AlarmNotification',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'ReplaceUnhealthy',
  'ScheduledActions',
] as const;
export type Process = (typeof PROCESSES)[number];

/** An Auto Scaling group in its present state. */
export interface Group {
  readonly name: string;
  readonly arn: string;
  readonly createdAtMs: number;
  minimum: number;
  maximum: number;
  desired: number;
  template: TemplateReference;
  places: readonly Place[];
  distribution: DistributionStrategy;
  terminationPolicy: TerminationPolicy;
  hooks: readonly LifecycleHook[];
  healthCheckGraceSeconds: number;
  cooldownSeconds: number;
  protectNew: boolean;
  tags: readonly GroupTag[];
  readonly suspended: Set<Process>;
  readonly instances: Map<string, GroupInstance>;
  /** Launches that EC2 has not answered yet. */
  launching: number;
  /** The newest hundred, newest first. */
  readonly activities: Activity[];
  /** ForceDelete was called: there are no more launches, and the group is removed after its last instance. */
  deleting: boolean;
}

/** The instances that count against the desired capacity. */
export function activeInstances(group: Group): readonly GroupInstance[] {
  return [...group.instances.values()].filter((member) => !isLeaving(member));
}

export function isLeaving({ lifecycleState }: GroupInstance): boolean {
  return lifecycleState.startsWith('Terminating');
}
