// SPDX-License-Identifier: Apache-2.0
/** Who may reach the nodes, and what the nodes may do: key pair, sources of connections, role. */
import { DescribeKeyPairsCommand, DescribeSecurityGroupsCommand } from '@aws-sdk/client-ec2';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { call } from '../aws.ts';
import type { Check } from './problem.ts';

export const checkKey: Check = async ({ aws, signal }, { keyName }) => {
  if (keyName === undefined) return [];
  const { KeyPairs = [] } = await call('EC2 DescribeKeyPairs', signal, (options) =>
    aws.ec2.send(new DescribeKeyPairsCommand({ Filters: [{ Name: 'key-name', Values: [keyName] }] }), options),
  );
  if (KeyPairs.some(({ KeyName }) => KeyName === keyName)) return [];
  return [`The key pair ${keyName} (--keyname) does not exist in this region.`];
};

/** A rule may also name a group of a peered VPC, so this checks only that the group exists. */
export const checkSources: Check = async ({ aws, signal }, { sshSource, clientSources }) => {
  const wanted = new Map<string, string>();
  for (const source of clientSources) if (source.kind === 'group') wanted.set(source.id, '--clientsource');
  if (sshSource?.kind === 'group') wanted.set(sshSource.id, '--sshsource');
  if (wanted.size === 0) return [];
  const command = new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-id', Values: [...wanted.keys()] }] });
  const { SecurityGroups = [] } = await call('EC2 DescribeSecurityGroups', signal, (options) =>
    aws.ec2.send(command, options),
  );
  const found = new Set(SecurityGroups.map(({ GroupId }) => GroupId));
  return [...wanted]
    .filter(([id]) => !found.has(id))
    .map(([id, flag]) => `The security group ${id} (${flag}) does not exist in this region and account.`);
};

export const checkRole: Check = async ({ aws, signal }, { instanceRole }) => {
  if (instanceRole === undefined) return [];
  const { Role } = await call(
    'IAM GetRole',
    signal,
    (options) => aws.iam.send(new GetRoleCommand({ RoleName: instanceRole }), options),
    ({ code }) =>
      ['NoSuchEntity', 'NoSuchEntityException'].includes(code) ? { $metadata: {}, Role: undefined } : undefined,
  );
  if (Role === undefined) return [`The role ${instanceRole} (--instancerole) does not exist in this account.`];
  const trust = decodeURIComponent(Role.AssumeRolePolicyDocument ?? '');
  if (trust === '' || /ec2\.amazonaws\.com/.test(trust)) return [];
  return [
    `The role ${instanceRole} (--instancerole) can't be taken by instances: its trust policy does not name ec2.amazonaws.com.`,
  ];
};
