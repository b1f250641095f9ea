// SPDX-License-Identifier: Apache-2.0
import type { Problem } from './check.ts';
import type { ApiModel } from './model.ts';

/**
 * AWS's own answers do not fit its model here. Events of the stack itself have the stack's status
 * (`REVIEW_IN_PROGRESS`, `UPDATE_COMPLETE_CLEANUP_IN_PROGRESS`), and the model allows these only for stacks. And a
 * private zone of Route 53 has no delegation set, which the model asks for.
 */
export function isLooseAnswer(model: ApiModel, action: string, problem: Problem): boolean {
  if (model.service === 'route53' && action === 'CreateHostedZone') {
    return problem.kind === 'missing' && problem.path === 'DelegationSet';
  }
  if (model.service !== 'cloudformation' || action !== 'DescribeStackEvents') return false;
  const statuses = model.shapes.StackStatus?.enum ?? [];
  return problem.kind === 'enum' && problem.path.endsWith('.ResourceStatus') && statuses.includes(problem.value);
}
