// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { LocalAws } from './local-aws.ts';

async function addressOf(aws: LocalAws, id: string): Promise<string | undefined> {
  const { Reservations = [] } = await aws.operator.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return Reservations[0]?.Instances?.[0]?.PrivateIpAddress;
}

test('the address of a terminated instance passes to the next one in its subnet, and no other does', async () => {
  const aws = await LocalAws.start({ reusesAddresses: true });
  try {
    const [subnet = ''] = await aws.subnets();
    const [first, second] = [await aws.run(subnet), await aws.run(subnet)];
    const [freed, held] = [await addressOf(aws, first), await addressOf(aws, second)];
    await aws.operator.ec2.send(new TerminateInstancesCommand({ InstanceIds: [first] }));
    const third = await addressOf(aws, await aws.run(subnet));
    assert.equal(third, freed);
    const fourth = await addressOf(aws, await aws.run(subnet));
    assert.ok(fourth !== undefined && ![freed, held].includes(fourth));
  } finally {
    await aws.close();
  }
});
