// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import type { StackCloud } from './operations/cloud.ts';
import { StackRun } from './operations/stack-run.ts';
import type { CloudFormationTimings } from './resources/handler.ts';
import { Stack, type StackOperation } from './stack/stack.ts';

export const DEFAULT_CLOUDFORMATION_TIMINGS: CloudFormationTimings = {
  pollMs: 100,
  nowMs: Date.now,
  // AWS gives up after about an hour (reported).
  groupDeletionMs: 3_600_000,
  dependencyMs: 60_000,
};

/** The stacks and their operations. */
export class CloudFormation {
  readonly cloud: StackCloud;
  /** Oldest first. Deleted stacks stay, so they can still be found by their id. */
  readonly stacks: Stack[] = [];
  readonly #closed = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(cloud: StackCloud) {
    this.cloud = cloud;
  }

  /** By name, except for deleted stacks, or by id. */
  find(nameOrId: string): Stack | undefined {
    return this.stacks.findLast(({ name, id, isDeleted }) => id === nameOrId || (name === nameOrId && !isDeleted));
  }

  get(nameOrId: string): Stack {
    const stack = this.find(nameOrId);
    if (stack !== undefined) return stack;
    throw new AwsFailure('ValidationError', `Stack with id ${nameOrId} does not exist`);
  }

  /** By name, by id, or by the id of one of its change sets. It is for the check of permissions. */
  known(reference: string): { readonly arn: string; readonly tags: ReadonlyMap<string, string> } | undefined {
    const ofChangeSet = ({ changeSets }: Stack): boolean => [...changeSets.values()].some(({ id }) => id === reference);
    const stack = this.find(reference) ?? this.stacks.find(ofChangeSet);
    if (stack === undefined) return undefined;
    return { arn: stack.id, tags: new Map(stack.blueprint?.tags.map(({ key, value }) => [key, value])) };
  }

  add(name: string): Stack {
    const stack = new Stack(name, this.cloud.region, this.cloud.account);
    this.stacks.push(stack);
    return stack;
  }

  /** Starts an operation and returns. The stack's status shows the result. */
  start(stack: Stack, caller: string, token: string | undefined, act: (run: StackRun) => Promise<void>): void {
    const ended = Promise.withResolvers<void>();
    const operation: StackOperation = {
      ...{ caller, token, signals: new Map(), superseded: false },
      cancel: () => run.cancel(),
      ended: ended.promise,
    };
    const run = new StackRun(this.cloud, stack, operation, this.#closed.signal);
    stack.operation = operation;
    if (token !== undefined) stack.tokens.add(token);
    const running = act(run)
      .catch((error: unknown) => {
        const phase = stack.status.replace(/_IN_PROGRESS$/, '').replace(/_CLEANUP$/, '');
        const why = error instanceof Error ? error.message : String(error);
        stack.setStatus(`${FAILED[phase] ?? phase}_FAILED`, why);
      })
      .finally(() => {
        if (stack.operation === operation) stack.operation = undefined;
        this.#running.delete(running);
        ended.resolve();
      });
    this.#running.add(running);
  }

  /** Stops all operations and returns once they have ended. */
  async close(): Promise<void> {
    this.#closed.abort(new Error('The lab was closed'));
    await Promise.all(this.#running);
  }
}

/** A clean-up that fails has no status of its own. */
const FAILED: Readonly<Record<string, string>> = {
  UPDATE_COMPLETE: 'UPDATE',
  UPDATE_ROLLBACK_COMPLETE: 'UPDATE_ROLLBACK',
};
