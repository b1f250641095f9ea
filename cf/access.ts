// SPDX-License-Identifier: Apache-2.0
/** The role of the nodes, and the profile that gives it to their instances. */
import { type Json, type Resource, type Resources, ref, sub } from './cloudformation.ts';
import type { Identity } from './identity/identity.ts';
import { nodePolicy } from './node-policy.ts';
import { policyJson } from './policy.ts';
import { tagsOf } from './tags.ts';
import type { TemplateOptions } from './template-options.ts';

export function accessResources(options: TemplateOptions, identity: Identity): Resources {
  return {
    ...(options.instanceRole === undefined ? { Role: role(options, identity) } : {}),
    InstanceProfile: {
      Type: 'AWS::IAM::InstanceProfile',
      Properties: { Roles: [ref(options.instanceRole === undefined ? 'Role' : 'InstanceRole')] },
    },
  };
}

/** The policy is inside the role. As a separate resource it would be created after the group, and deleted before it. */
function role(options: TemplateOptions, { statements }: Identity): Resource {
  const trust: Json = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: sub(`ec2.\${AWS::URLSuffix}`) }, Action: 'sts:AssumeRole' }],
  };
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: trust,
      Description: sub(`Nodes of the ZooKeeper ensemble of the stack \${AWS::StackName}`),
      Policies: [{ PolicyName: 'zookeeper-node', PolicyDocument: policyJson(nodePolicy(options, statements)) }],
      Tags: tagsOf(options, 'node'),
    },
  };
}

/** ARNs (with wildcards) of the calls that nodes make with their role, for conditions on `aws:PrincipalArn`. */
export function rolePrincipals(options: TemplateOptions): readonly Json[] {
  if (options.instanceRole === undefined) return [{ 'Fn::GetAtt': ['Role', 'Arn'] }];
  // A role given by the operator may have a path, which its name does not show.
  const account = `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role`;
  return [sub(`${account}/\${InstanceRole}`), sub(`${account}/*/\${InstanceRole}`)];
}
