// SPDX-License-Identifier: Apache-2.0
/** The empty stack that remains when a change set for a creation is not executed. */
import { DeleteStackCommand, ListChangeSetsCommand } from '@aws-sdk/client-cloudformation';
import { messageOf } from './aws.ts';
import type { DeployContext } from './context.ts';
import { conditionOf, describeStack } from './stack.ts';

const CLEAN_UP_MS = 15_000;

/** Tries to remove the stack, also after an interruption. Leaves it when somebody else's change set waits in it. */
export async function dropReview({ aws, terminal }: DeployContext, stackId: string, stackName: string): Promise<void> {
  const signal = AbortSignal.timeout(CLEAN_UP_MS);
  try {
    const stack = await describeStack(aws, stackId, signal);
    if (stack === undefined || conditionOf(stack.status) !== 'review') return;
    const sets = await aws.cloudFormation.send(new ListChangeSetsCommand({ StackName: stackId }), {
      abortSignal: signal,
    });
    const others = (sets.Summaries ?? []).filter(({ Status }) => Status !== 'FAILED' && !Status?.startsWith('DELETE'));
    if (others.length > 0) {
      const names = others.map(({ ChangeSetName }) => ChangeSetName).join(', ');
      terminal.line(`The empty stack ${stackName} stays, since another change set waits in it: ${names}.`);
      return;
    }
    await aws.cloudFormation.send(new DeleteStackCommand({ StackName: stackId }), { abortSignal: signal });
  } catch (error) {
    terminal.line(`The empty stack ${stackName} stays (${messageOf(error)}); --delete removes it.`);
  }
}
