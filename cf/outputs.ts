// SPDX-License-Identifier: Apache-2.0
/** What a user needs to know about a stack. */
import { getAtt, type Output, ref } from './cloudformation.ts';
import { clusterId, subCluster } from './cluster.ts';
import { CLIENT_PORT } from './network.ts';
import type { TemplateOptions } from './template-options.ts';

/** Three names, so that a client may have one for each member. Each resolves to one address, which may change. */
function nameOutputs({ zone, hosts }: TemplateOptions): { readonly [name: string]: Output } {
  if (zone === undefined) return {};
  const domain = `\${Cluster}.${zone.name}`;
  const names = Array.from({ length: hosts }, (_, at) => `zk${at + 1}.${domain}:${CLIENT_PORT}`);
  return {
    ConnectionString: {
      Description: 'The servers as ZooKeeper clients take them; it stays.',
      Value: subCluster(names.join(',')),
    },
    ServersName: { Description: 'One name for all servers.', Value: subCluster(domain) },
  };
}

export function outputs(options: TemplateOptions): { readonly [name: string]: Output } {
  return {
    Cluster: { Description: 'Id of the cluster.', Value: clusterId() },
    GroupName: { Description: 'Auto Scaling group of the nodes.', Value: ref('Group') },
    ClientSecurityGroupId: {
      Description: 'Security group whose members may connect: give it to clients.',
      Value: getAtt('ClientSecurityGroup', 'GroupId'),
    },
    ClaimsLogGroupName: {
      Description: 'Log group whose streams are the claims on ids; never delete one.',
      Value: ref('ClaimsLogGroup'),
    },
    NodeLogGroupName: { Description: 'Log group of the nodes.', Value: ref('NodeLogGroup') },
    BucketName: { Description: 'Bucket of records; kept when the stack is deleted.', Value: ref('Bucket') },
    ...nameOutputs(options),
  };
}
