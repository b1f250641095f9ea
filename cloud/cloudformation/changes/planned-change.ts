// SPDX-License-Identifier: Apache-2.0
import type { Struct, Value } from '../../value.ts';

export type Recreation = 'Never' | 'Conditionally' | 'Always';

/** Why one attribute of a resource changes (ResourceChangeDetail of the API model). */
export interface ChangeDetail {
  readonly attribute: 'Properties' | 'Tags' | 'Metadata';
  /** The property; undefined for tags and metadata. */
  readonly name?: string;
  readonly recreation: Recreation;
  /** Dynamic: whether the value changes is known only during the change itself. */
  readonly evaluation: 'Static' | 'Dynamic';
  readonly source: 'DirectModification' | 'ParameterReference' | 'ResourceReference' | 'ResourceAttribute';
  readonly cause?: string;
  readonly before?: Value;
  readonly after?: Value;
}

/** The part of a change set about one resource. */
export interface PlannedResourceChange {
  readonly action: 'Add' | 'Modify' | 'Remove';
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId?: string;
  readonly replacement?: 'True' | 'False' | 'Conditional';
  /** What happens to the old physical resource. */
  readonly policyAction?: 'Delete' | 'Retain' | 'ReplaceAndDelete' | 'ReplaceAndRetain';
  readonly details: readonly ChangeDetail[];
}

export function shownChange(change: PlannedResourceChange): Struct {
  const { action, logicalId, type, physicalId, replacement, policyAction, details } = change;
  return {
    Type: 'Resource',
    ResourceChange: {
      Action: action,
      LogicalResourceId: logicalId,
      ResourceType: type,
      Scope: action === 'Modify' ? [...new Set(details.map(({ attribute }) => attribute))] : [],
      Details: details.map(shownDetail),
      ...(policyAction === undefined ? {} : { PolicyAction: policyAction }),
      ...(physicalId === undefined ? {} : { PhysicalResourceId: physicalId }),
      ...(replacement === undefined ? {} : { Replacement: replacement }),
    },
  };
}

function shownDetail(detail: ChangeDetail): Struct {
  const { attribute, name, recreation, evaluation, source, cause, before, after } = detail;
  return {
    Target: {
      Attribute: attribute,
      RequiresRecreation: recreation,
      ...(name === undefined ? {} : { Name: name, Path: `/Properties/${name}` }),
      ...(before === undefined ? {} : { BeforeValue: textOf(before) }),
      ...(after === undefined ? {} : { AfterValue: textOf(after) }),
    },
    Evaluation: evaluation,
    ChangeSource: source,
    ...(cause === undefined ? {} : { CausingEntity: cause }),
  };
}

function textOf(value: Value): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
