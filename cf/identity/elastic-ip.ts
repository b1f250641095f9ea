// SPDX-License-Identifier: Apache-2.0
/**
 * Elastic IPs: the stack makes a pool of addresses, each tagged with the cluster and with the id that goes with it. A
 * node claims an id, and gets its address. So the addresses of the members stay while the nodes come and go.
 */
import { type JsonObject, join, type Resources, ref } from '../cloudformation.ts';
import { CLUSTER_TAG, clusterId, subCluster } from '../cluster.ts';
import { CLIENT_PORT, rulesWithin } from '../network.ts';
import type { Statement } from '../policy.ts';
import { ID_TAG, tagsOf } from '../tags.ts';
import type { TemplateOptions } from '../template-options.ts';
import type { Identity } from './identity.ts';

const EC2 = `arn:\${AWS::Partition}:ec2:\${AWS::Region}:\${AWS::AccountId}`;
const INSTANCE = `${EC2}:instance`;

export function elasticIpIdentity(options: TemplateOptions): Identity {
  const ids = Array.from({ length: options.addresses }, (_, index) => index + 1);
  return {
    nodesInService: inService(options),
    settings: { MODE: 'elastic-ip' },
    memberRules: Object.assign({}, ...ids.map((id) => rulesWithin(`Address${id}`, { CidrIp: only(id) }))),
    resources: Object.fromEntries(ids.map((id) => [addressId(id), address(options, id)])),
    statements: ADDRESS_STATEMENTS,
    outputs: {
      ConnectionString: {
        Description: 'The servers as ZooKeeper clients outside of the VPC take them; it never changes.',
        Value: join(
          ',',
          ids.map((id) => join(':', [ref(addressId(id)), String(CLIENT_PORT)])),
        ),
      },
    },
  };
}

function addressId(id: number): string {
  return `Address${id}`;
}

/** As a network, `198.51.100.7/32`. Rules that name a security group do not match Elastic IPs. */
function only(id: number): JsonObject {
  return join('/', [ref(addressId(id)), '32']);
}

function address(options: TemplateOptions, id: number): Resources[string] {
  const tags = [...tagsOf(options, `address ${id}`), { Key: ID_TAG, Value: String(id) }];
  return { Type: 'AWS::EC2::EIP', Properties: { Domain: 'vpc', Tags: tags } };
}

/** With an address to spare, an update starts a new node first. Without one it stops an old node first. */
function inService({ addresses, presentHosts }: TemplateOptions): Identity['nodesInService'] {
  return presentHosts < addresses ? ref('PresentHosts') : presentHosts - 1;
}

/** A node gives the cluster's own addresses to itself, and to nobody else. */
export const ADDRESS_STATEMENTS: readonly Statement[] = [
  { Sid: 'SeeAddresses', Effect: 'Allow', Action: ['ec2:DescribeAddresses'], Resource: '*' },
  {
    Sid: 'TakeAddress',
    Effect: 'Allow',
    Action: ['ec2:AssociateAddress'],
    Resource: subCluster(`${EC2}:elastic-ip/*`),
    Condition: { StringEquals: { [`aws:ResourceTag/${CLUSTER_TAG}`]: clusterId() } },
  },
  {
    // The variable is the instance that gets the address, the key the calling instance.
    Sid: 'GiveAddressToItself',
    Effect: 'Allow',
    Action: ['ec2:AssociateAddress'],
    Resource: subCluster(`${INSTANCE}/*`),
    Condition: {
      ArnEquals: {
        'ec2:SourceInstanceARN': subCluster(`${INSTANCE}/\${!ec2:InstanceID}`),
      },
    },
  },
];
