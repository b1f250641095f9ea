// SPDX-License-Identifier: Apache-2.0
import type { Struct } from '../../value.ts';
import type { SignalBox } from '../policies/signals.ts';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** Waits of CloudFormation, in milliseconds. */
export interface CloudFormationTimings {
  /** Between two looks at what is waited for. */
  readonly pollMs: number;
  /** For the instances of a group that is deleted. */
  readonly groupDeletionMs: number;
  /** For what still holds a resource that is deleted, such as the interface of a security group. */
  readonly dependencyMs: number;
}

/** What a handler is given for one step of one resource. */
export interface ResourceContext {
  readonly stack: { readonly id: string; readonly name: string; readonly region: string; readonly account: string };
  readonly logicalId: string;
  /** Tags that the resource takes from the stack; its own win. */
  readonly tags: readonly Tag[];
  /** The policies of the resource, resolved. */
  readonly creationPolicy: Struct;
  readonly updatePolicy: Struct;
  readonly signals: SignalBox;
  readonly timings: CloudFormationTimings;
  /** Aborted when the operation is given up. */
  readonly signal: AbortSignal;
  /** A call in the name of who started the operation. Rejects with AwsFailure. */
  call(service: string, action: string, input: Struct): Promise<Struct>;
  /** From now on there is something to delete. */
  made(physicalId: string): void;
  /** A further event of the resource in its present status. */
  tell(reason: string): void;
}

/** A resource as it is, when it is updated or deleted. */
export interface ExistingResource {
  readonly physicalId: string;
  readonly properties: Struct;
  /** The tags that it took from the stack. */
  readonly tags: readonly Tag[];
  /** What the handler wants to remember of an update that may have to be taken back. */
  readonly memory: Map<string, unknown>;
}

/** Everything that the lab knows of one resource type. */
export interface ResourceHandler {
  readonly type: string;
  /** Properties that are supported, as dotted paths without indexes: `Monitoring.Enabled`; `Tags.*` is everything below. */
  readonly supported: readonly string[];
  /** What Fn::GetAtt may ask for. */
  readonly attributes: readonly string[];
  /** The attributes that an update without replacement may change. */
  readonly movingAttributes?: readonly string[];
  /** Whether CreationPolicy and UpdatePolicy mean something for it. */
  readonly policies?: boolean;
  /**
   * Whether the stack's tags reach it. AWS adds its own (`aws:cloudformation:stack-name`) where the registry's schema
   * says so; moto refuses them on buckets.
   */
  readonly takesTags?: 'without-system-tags' | 'with-system-tags';
  /** Calls `made` with the physical id as soon as there is one. Resolves with the attributes. */
  create(context: ResourceContext, properties: Struct): Promise<Struct>;
  /** Changes it in place; `properties` are the new ones. Resolves with the attributes. */
  update(context: ResourceContext, existing: ExistingResource, properties: Struct): Promise<Struct>;
  /** What is not there any more is deleted. */
  remove(context: ResourceContext, existing: ExistingResource): Promise<void>;
}
