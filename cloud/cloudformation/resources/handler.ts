// SPDX-License-Identifier: Apache-2.0
import type { Struct } from '../../value.ts';
import type { SignalBox, SignalClock } from '../policies/signals.ts';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/**
 * The waits of CloudFormation, in milliseconds. `pollMs` is the time between two looks, and `nowMs` the clock of
 * signals.
 */
export interface CloudFormationTimings extends SignalClock {
  /** The limit for the instances of a group that is being deleted. */
  readonly groupDeletionMs: number;
  /** The limit for dependencies of a resource that is being deleted, such as the interface of a security group. */
  readonly dependencyMs: number;
}

/** The input of a handler for one step of one resource. */
export interface ResourceContext {
  readonly stack: { readonly id: string; readonly name: string; readonly region: string; readonly account: string };
  readonly logicalId: string;
  /** Tags from the stack; the resource's own tags replace them. */
  readonly tags: readonly Tag[];
  /** The policies of the resource, resolved. */
  readonly creationPolicy: Struct;
  readonly updatePolicy: Struct;
  readonly signals: SignalBox;
  readonly timings: CloudFormationTimings;
  /** Aborted when the operation is stopped. */
  readonly signal: AbortSignal;
  /** A call in the name of the caller who started the operation. Rejects with AwsFailure. */
  call(service: string, action: string, input: Struct): Promise<Struct>;
  /** Records that there is something to delete from now on. */
  made(physicalId: string): void;
  /** Adds an event of the resource with its present status. */
  tell(reason: string): void;
}

/** An existing resource that is updated or deleted. */
export interface ExistingResource {
  readonly physicalId: string;
  readonly properties: Struct;
  /** The tags that it got from the stack. */
  readonly tags: readonly Tag[];
  /** Values that the handler needs if the update is rolled back. */
  readonly memory: Map<string, unknown>;
}

/** Everything that the lab knows about one resource type. */
export interface ResourceHandler {
  readonly type: string;
  /** Supported properties, as dotted paths without indexes: `Monitoring.Enabled`; `Tags.*` means everything below. */
  readonly supported: readonly string[];
  /** The attributes for Fn::GetAtt. */
  readonly attributes: readonly string[];
  /** The attributes that an update without replacement may change. */
  readonly movingAttributes?: readonly string[];
  /** Whether CreationPolicy and UpdatePolicy apply to it. */
  readonly policies?: boolean;
  /**
   * Whether it gets the stack's tags. AWS adds its own (`aws:cloudformation:stack-name`) where the registry's schema
   * says so; moto refuses them on buckets.
   */
  readonly takesTags?: 'without-system-tags' | 'with-system-tags';
  /** Calls `made` with the physical id as soon as it has one. Resolves with the attributes. */
  create(context: ResourceContext, properties: Struct): Promise<Struct>;
  /** Changes the resource in place; `properties` are the new ones. Resolves with the attributes. */
  update(context: ResourceContext, existing: ExistingResource, properties: Struct): Promise<Struct>;
  /** A resource that no longer exists counts as deleted. */
  remove(context: ResourceContext, existing: ExistingResource): Promise<void>;
}
