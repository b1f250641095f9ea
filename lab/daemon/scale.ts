// SPDX-License-Identifier: Apache-2.0
/** Sizes of a group, set as a person does with the AWS command line. */
import {
  type AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';

/**
 * Sets the desired size. Lowers the group's minimum and raises its maximum only where necessary, and always leaves room
 * for `spare` more nodes. For no nodes all three are 0, as when a stack is deleted. That tells the nodes that no node
 * stays, and that the last one may leave as well.
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
