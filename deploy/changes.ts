// SPDX-License-Identifier: Apache-2.0
/** A change set in words. */
import type { Change, ResourceChange, ResourceChangeDetail } from '@aws-sdk/client-cloudformation';

type ChangeKind = 'replace' | 'remove' | 'may replace' | 'change' | 'create';

/** What happens to one resource of the stack. */
export interface PlannedChange {
  readonly kind: ChangeKind;
  readonly logicalId: string;
  /** Such as `AWS::S3::Bucket`. */
  readonly type: string;
  /** Names of the properties that change, sorted. */
  readonly properties: readonly string[];
  /** The old resource stays, but no longer belongs to the stack. */
  readonly keepsOld: boolean;
}

/** The most important change comes first. */
const ORDER: readonly ChangeKind[] = ['replace', 'remove', 'may replace', 'change', 'create'];

export function plannedChanges(changes: readonly Change[]): readonly PlannedChange[] {
  return changes
    .flatMap(({ ResourceChange }) => (ResourceChange === undefined ? [] : [plannedChange(ResourceChange)]))
    .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || compare(a.logicalId, b.logicalId));
}

function plannedChange(change: ResourceChange): PlannedChange {
  return {
    kind: kindOf(change),
    logicalId: change.LogicalResourceId ?? '(unnamed)',
    type: change.ResourceType ?? '(unknown type)',
    properties: propertiesOf(change.Details ?? []),
    keepsOld: change.PolicyAction === 'Retain' || change.PolicyAction === 'ReplaceAndRetain',
  };
}

const GROUP_TYPE = 'AWS::AutoScaling::AutoScalingGroup';
/** The group's properties whose change reaches the instances through the update policy. */
const OF_THE_NODES = ['LaunchTemplate', 'VPCZoneIdentifier'];

function kindOf({ Action, Replacement, ResourceType }: ResourceChange): ChangeKind {
  if (Action === 'Add' || Action === 'Import') return 'create';
  if (Action === 'Remove') return 'remove';
  if (Replacement === 'True') return 'replace';
  // CloudFormation's "conditional" for a group is about its instances; the group itself stays.
  if (Replacement === 'Conditional' && ResourceType === GROUP_TYPE) return 'change';
  // "Dynamic" is CloudFormation's word for a change that it can decide only during the update.
  return Replacement === 'Conditional' || Action === 'Dynamic' ? 'may replace' : 'change';
}

function propertiesOf(details: readonly ResourceChangeDetail[]): readonly string[] {
  const names = details.map(({ Target }) => Target?.Name ?? Target?.Attribute ?? '').filter((name) => name !== '');
  return [...new Set(names)].sort(compare);
}

/** One line per change, in columns. */
export function changeLines(changes: readonly PlannedChange[]): readonly string[] {
  const words = changes.map(({ kind }) => (kind === 'replace' ? 'REPLACE' : kind));
  const kindWidth = Math.max(0, ...words.map(({ length }) => length));
  const idWidth = Math.max(0, ...changes.map(({ logicalId }) => logicalId.length));
  return changes.map((change, at) => {
    const start = `${(words[at] ?? '').padEnd(kindWidth)}  ${change.logicalId.padEnd(idWidth)}  ${change.type}`;
    const why = change.properties.length > 0 ? `: ${change.properties.join(', ')}` : '';
    const nodes = replacesNodes(change) ? '; its nodes are replaced one by one' : '';
    const old = change.keepsOld ? '; the old one is kept' : '';
    return `${start}${why}${nodes}${old}`;
  });
}

function replacesNodes({ kind, type, properties }: PlannedChange): boolean {
  return kind === 'change' && type === GROUP_TYPE && properties.some((name) => OF_THE_NODES.includes(name));
}

/** `2 to create, 1 to change`. */
export function summaryOf(changes: readonly PlannedChange[]): string {
  const parts = ORDER.flatMap((kind) => {
    const count = changes.filter((change) => change.kind === kind).length;
    if (count === 0) return [];
    return [kind === 'may replace' ? `${count} may be replaced` : `${count} to ${kind}`];
  });
  return parts.join(', ');
}

/** The resources with the cluster's identity and data. Without one of them it is no longer the same cluster. */
const HEART = ['Group', 'Bucket', 'ClaimsLogGroup'];

/** The changes that replace or remove one of these resources. */
export function dangerous(changes: readonly PlannedChange[]): readonly PlannedChange[] {
  return changes.filter(
    ({ kind, logicalId }) => HEART.includes(logicalId) && (kind === 'replace' || kind === 'remove'),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
