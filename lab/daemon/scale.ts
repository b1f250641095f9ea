// SPDX-License-Identifier: Apache-2.0
/** Sizes of a group, set as a person does with the AWS command line. */
import {
  type AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';

/** What a person has to change before AWS takes the desired size; absent where nothing was in the way. */
export interface ChangedLimits {
  readonly group: string;
  readonly minimum?: { readonly from: number; readonly to: number };
  readonly maximum?: { readonly from: number; readonly to: number };
}

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
): Promise<ChangedLimits> {
  if (nodes === 0) {
    const none = { MinSize: 0, MaxSize: 0, DesiredCapacity: 0 };
    await client.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName, ...none }));
    return { group: AutoScalingGroupName };
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
  return {
    group: AutoScalingGroupName,
    ...(least === MinSize ? {} : { minimum: { from: MinSize, to: least } }),
    ...(nodes <= MaxSize ? {} : { maximum: { from: MaxSize, to: most } }),
  };
}
