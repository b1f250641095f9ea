// SPDX-License-Identifier: Apache-2.0
/** Sizes of a group, as a person at the AWS command line sets them. */
import {
  type AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';

/**
 * Sets the desired size. The group's minimum is lowered and its maximum raised only where they are in the way; above the
 * desired size there is always room for so many spare nodes. With none all three are 0, as when a stack is deleted:
 * that tells the nodes that nobody stays, and that the last may go as well.
 */
export async function scaleGroup(
  client: AutoScalingClient,
  AutoScalingGroupName: string,
  nodes: number,
  spare: number,
): Promise<void> {
  if (nodes === 0) {
    const none = { MinSize: 0, MaxSize: 0, DesiredCapacity: 0 };
    await client.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName, ...none }));
    return;
  }
  const { AutoScalingGroups = [] } = await client.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [AutoScalingGroupName] }),
  );
  const { MinSize = 0, MaxSize = 0 } = AutoScalingGroups[0] ?? {};
  const least = Math.min(MinSize, nodes);
  const most = Math.max(MaxSize, nodes + spare);
  if (least !== MinSize || most !== MaxSize) {
    await client.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName, MinSize: least, MaxSize: most }));
  }
  await client.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity: nodes }));
}
