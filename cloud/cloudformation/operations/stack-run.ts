// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import type { Struct } from '../../value.ts';
import { PolicyFailure } from '../policies/policy-failure.ts';
import { SignalBox } from '../policies/signals.ts';
import type { ExistingResource, ResourceContext, ResourceHandler, Tag } from '../resources/handler.ts';
import { handlerOf } from '../resources/handlers.ts';
import { checkProperties } from '../schema/check-properties.ts';
import type { Blueprint } from '../stack/blueprint.ts';
import { liveResolver, type StackPlace } from '../stack/resolvers.ts';
import type { Phase, Stack, StackOperation, StackResource } from '../stack/stack.ts';
import type { ResourceDeclaration } from '../template/declarations.ts';
import { evaluateStruct, type Resolver } from '../template/evaluate.ts';
import { type Dependencies, dependenciesOf } from '../template/order.ts';
import type { StackCloud } from './cloud.ts';

/** Thrown in steps that are in progress when another resource has failed. */
class Cancelled extends Error {}

/** One operation on one stack: the parts that all its steps use. */
export class StackRun {
  readonly cloud: StackCloud;
  readonly stack: Stack;
  readonly operation: StackOperation;
  readonly place: StackPlace;
  readonly #closed: AbortSignal;
  #failed = new AbortController();

  constructor(cloud: StackCloud, stack: Stack, operation: StackOperation, closed: AbortSignal) {
    this.cloud = cloud;
    this.stack = stack;
    this.operation = operation;
    this.place = { id: stack.id, name: stack.name, region: cloud.region, account: cloud.account };
    this.#closed = closed;
  }

  /** Stops the steps in progress, because one has failed. */
  cancel(): void {
    this.#failed.abort(new Cancelled());
  }

  /** Whether a rollback no longer makes sense. */
  get isMoot(): boolean {
    return this.#closed.aborted || this.operation.superseded;
  }

  /** For the rollback: the failure that it rolls back must not stop it. */
  startAnew(): void {
    this.#failed = new AbortController();
  }

  resolver(blueprint: Blueprint): Resolver {
    return liveResolver(this.place, blueprint, this.stack.resources);
  }

  dependencies(blueprint: Blueprint): Dependencies {
    return dependenciesOf(blueprint.template);
  }

  /** The present properties of a resource, in the types of its schema. */
  properties(declaration: ResourceDeclaration, resolver: Resolver): Struct {
    const schema = this.cloud.schemaOf(declaration.type);
    const resolved = evaluateStruct(declaration.properties, resolver);
    if (schema === undefined) throw new Error(`there is no schema of ${declaration.type}`);
    const { properties, problems } = checkProperties(schema, resolved);
    if (problems.length === 0) return properties;
    throw new AwsFailure(
      'ValidationError',
      `Properties validation failed for resource ${declaration.logicalId} with message: ${problems.join('; ')}`,
    );
  }

  /** The tags that a resource gets from its stack, and those with which AWS names the stack. */
  tags(blueprint: Blueprint, { type, logicalId }: Pick<StackResource, 'type' | 'logicalId'>): readonly Tag[] {
    const handler = handlerOf(type);
    if (handler?.takesTags === undefined) return [];
    const { id, name } = this.stack;
    const named = [
      { key: 'aws:cloudformation:stack-id', value: id },
      { key: 'aws:cloudformation:stack-name', value: name },
      { key: 'aws:cloudformation:logical-id', value: logicalId },
    ];
    return handler.takesTags === 'with-system-tags' ? [...blueprint.tags, ...named] : blueprint.tags;
  }

  /** Runs one step of a handler. During the step it has a box for the resource's signals. */
  async step<Result>(
    resource: StackResource,
    blueprint: Blueprint,
    declaration: ResourceDeclaration,
    act: (handler: ResourceHandler, context: ResourceContext) => Promise<Result>,
    made: (physicalId: string) => void = () => {},
  ): Promise<Result> {
    const handler = handlerOf(resource.type);
    if (handler === undefined) throw new Error(`there is no handler of ${resource.type}`);
    const { logicalId } = resource;
    const resolver = this.resolver(blueprint);
    const signals = new SignalBox();
    this.operation.signals.set(logicalId, signals);
    try {
      return await act(handler, {
        stack: this.place,
        logicalId,
        tags: this.tags(blueprint, resource),
        // A deletion has no policy, and may no longer be able to resolve one.
        creationPolicy: resource.status.startsWith('DELETE')
          ? {}
          : evaluateStruct(declaration.creationPolicy ?? {}, resolver),
        updatePolicy: resource.status.startsWith('DELETE')
          ? {}
          : evaluateStruct(declaration.updatePolicy ?? {}, resolver),
        signals,
        timings: this.cloud.timings,
        signal: AbortSignal.any([this.#closed, this.#failed.signal]),
        call: (service, action, input) => this.cloud.call(service, action, input, this.operation.caller),
        made,
        tell: (reason) => this.stack.setResource(resource, resource.status, reason),
      });
    } finally {
      this.operation.signals.delete(logicalId);
    }
  }

  /** The reason of a failed step, as in an event. */
  reason(error: unknown, phase: Phase): string {
    if (this.#closed.aborted) return 'The lab was closed';
    if (this.#failed.signal.aborted && (error instanceof Cancelled || isAbort(error))) {
      return phase === 'CREATE' ? 'Resource creation cancelled' : 'Resource update cancelled';
    }
    if (error instanceof PolicyFailure) return error.message;
    if (error instanceof AwsFailure) {
      const denied = error.code === 'UnauthorizedOperation' || error.code.startsWith('AccessDenied');
      const code = denied ? 'AccessDenied' : error.code;
      return `Resource handler returned message: "${error.message}" (HandlerErrorCode: ${code})`;
    }
    return error instanceof Error ? error.message : String(error);
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

export function existing(resource: StackResource, physicalId: string): ExistingResource {
  const { properties, tags, memory } = resource;
  return { physicalId, properties, tags, memory };
}
