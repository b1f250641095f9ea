export type LifecycleState = 'Pending' | 'InService' | 'Terminating' | 'Terminated';

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
  healthy: boolean;
  protectedFromScaleIn: boolean;
}

export interface Activity {
  readonly id: string;
  readonly description: string;
  readonly cause: string;
  readonly startedAtMs: number;
  status: 'InProgress' | 'Successful' | 'Failed' | 'Cancelled';
  endedAtMs?: number;
  message?: string;
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
  healthCheckGraceSeconds: number;
  cooldownSeconds: number;
  protectNew: boolean;
  tags: readonly GroupTag[];
  readonly suspended: Set<Process>;
  readonly instances: Map<string, GroupInstance>;
  /** Newest first, the newest hundred. */
  readonly activities: Activity[];
  /** ForceDelete was asked for: no launches any more, gone when the last instance is. */
  deleting: boolean;
}

/** Those that count against the desired capacity. */
export function activeInstances(group: Group): readonly GroupInstance[] {
  return [...group.instances.values()].filter(({ lifecycleState }) => lifecycleState !== 'Terminating');
}
