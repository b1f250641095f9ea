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

/** What a launch does that fails in one zone: `balanced-only` waits for that zone, the other takes the next. */
export type DistributionStrategy = 'balanced-best-effort' | 'balanced-only';

/** Who goes at scale-in, within a zone: see `scaleInVictim`. */
export type TerminationPolicy = 'Default' | 'NewestInstance';

export interface GroupTag {
  readonly key: string;
  readonly value: string;
  readonly propagateAtLaunch: boolean;
}

/** As given: by id or name, version a number, `$Latest` or `$Default`. */
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
  /** The launch, and from Terminating on the end. */
  activity: Activity;
  /** Until when it stays in Pending:Proceed. */
  proceedsUntilMs: number;
  inServiceAtMs?: number;
  /** A leaving one that no hook holds any more: EC2 may end it. */
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

/** An Auto Scaling group, as it is now. */
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
  /** Newest first, the newest hundred. */
  readonly activities: Activity[];
  /** ForceDelete was asked for: no launches any more, gone when the last instance is. */
  deleting: boolean;
}

/** Those that count against the desired capacity. */
export function activeInstances(group: Group): readonly GroupInstance[] {
  return [...group.instances.values()].filter((member) => !isLeaving(member));
}

export function isLeaving({ lifecycleState }: GroupInstance): boolean {
  return lifecycleState.startsWith('Terminating');
}
