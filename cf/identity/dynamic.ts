// SPDX-License-Identifier: Apache-2.0
/**
 * Dynamic identity: a node claims an id and keeps its private address. So a new node joins beside the old ones, and an
 * update can start one more node before it stops an old one. The template needs no extra resources for it.
 */
import { ref } from '../cloudformation.ts';
import { CLUSTER_TAG, subCluster } from '../cluster.ts';
import { CLIENT_PORT, rulesWithinGroup } from '../network.ts';
import type { Identity } from './identity.ts';

/** Prints `10.0.1.4:2181,10.0.2.5:2181,10.0.3.6:2181`. */
const CONNECTION_STRING =
  `aws ec2 describe-instances --region \${AWS::Region}` +
  ` --filters Name=tag:${CLUSTER_TAG},Values=\${Cluster} Name=instance-state-name,Values=running` +
  ` --query "join(',', sort(Reservations[].Instances[].join(':', [PrivateIpAddress, '${CLIENT_PORT}'])))" --output text`;

export function dynamicIdentity(): Identity {
  return {
    nodesInService: ref('PresentHosts'),
    settings: {},
    memberRules: rulesWithinGroup(),
    resources: {},
    statements: [],
    outputs: {
      ConnectionStringCommand: {
        Description: 'Prints the servers as ZooKeeper clients take them.',
        Value: subCluster(CONNECTION_STRING),
      },
    },
  };
}
