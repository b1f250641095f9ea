// SPDX-License-Identifier: Apache-2.0
/** Whether this project made a stack. Updating another stack with our template would remove all its resources. */
import type { DeployContext } from './context.ts';
import { DeployError } from './errors.ts';
import { conditionOf, resourcesOf, type StackView } from './stack.ts';

/** Resources that every stack of this project has had since its first event. */
const OURS = ['Group', 'ClaimsLogGroup'];

export async function refuseForeign({ aws, signal }: DeployContext, stack: StackView): Promise<void> {
  if (conditionOf(stack.status) === 'review') return;
  const ids = await resourcesOf(aws, stack.id, signal);
  // A creation that failed at once may have made none of them yet. Then there is nothing to lose.
  if (ids.length === 0 || OURS.some((id) => ids.includes(id))) return;
  throw new DeployError(
    'BAD_INPUT',
    `The stack ${stack.name} is not one of zookeeper-on-aws: it has none of the resources ${OURS.join(' and ')}.`,
    'Choose another --stackname.',
  );
}
