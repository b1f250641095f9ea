// SPDX-License-Identifier: Apache-2.0
/**
 * Who may connect to the nodes. Clients reach port 2181 from the stack's own group for clients and from the given
 * sources. The quorum's ports are for the members alone, since ZooKeeper trusts every connection there. Each rule is a
 * separate resource: inside the groups, rules between two groups would be a cycle. And the Auto Scaling group must not
 * start before the rules exist.
 */
import { getAtt, type JsonObject, type Resource, type Resources, ref } from './cloudformation.ts';
import type { Identity } from './identity/identity.ts';
import { tagsOf } from './tags.ts';
import type { Source, TemplateOptions } from './template-options.ts';

export const CLIENT_PORT = 2181;
const SSH_PORT = 22;
const HTTPS_PORT = 443;

/** The first port is there because a member's agent asks the other servers as a client does. */
const MEMBER_PORTS = [
  { name: 'Client', port: CLIENT_PORT, why: 'members ask each other as clients' },
  { name: 'Quorum', port: 2888, why: 'followers to their leader, members only' },
  { name: 'Election', port: 3888, why: 'election, members only' },
] as const;

const NODES = getAtt('NodeSecurityGroup', 'GroupId');

export function networkResources(options: TemplateOptions, { memberRules }: Identity): Resources {
  return {
    NodeSecurityGroup: nodeSecurityGroup(options),
    ClientSecurityGroup: clientSecurityGroup(options),
    ...memberRules,
    ClientIngressFromClients: ingress(
      CLIENT_PORT,
      { SourceSecurityGroupId: getAtt('ClientSecurityGroup', 'GroupId') },
      'clients of the stack',
    ),
    ...clientRules(options.clientSources),
    ...sshRule(options),
  };
}

function nodeSecurityGroup(options: TemplateOptions): Resource {
  return {
    Type: 'AWS::EC2::SecurityGroup',
    Properties: {
      GroupDescription: 'Nodes of the ZooKeeper ensemble',
      VpcId: ref('VpcId'),
      // With one rule of its own, the group allows no other way out. Security groups do not filter name resolution and
      // time.
      SecurityGroupEgress: [
        {
          CidrIp: '0.0.0.0/0',
          Description: 'AWS APIs',
          FromPort: HTTPS_PORT,
          IpProtocol: 'tcp',
          ToPort: HTTPS_PORT,
        },
      ],
      Tags: tagsOf(options, 'nodes'),
    },
  };
}

function clientSecurityGroup(options: TemplateOptions): Resource {
  return {
    Type: 'AWS::EC2::SecurityGroup',
    Properties: {
      GroupDescription: 'Clients of the ZooKeeper ensemble',
      VpcId: ref('VpcId'),
      SecurityGroupEgress: [
        {
          Description: 'ZooKeeper',
          DestinationSecurityGroupId: NODES,
          FromPort: CLIENT_PORT,
          IpProtocol: 'tcp',
          ToPort: CLIENT_PORT,
        },
      ],
      Tags: tagsOf(options, 'clients'),
    },
  };
}

/** Members that reach each other at private addresses. */
export function rulesWithinGroup(): Resources {
  const rules = MEMBER_PORTS.flatMap(({ name, port, why }): [string, Resource][] => [
    [`${name}IngressFromMembers`, ingress(port, { SourceSecurityGroupId: NODES }, why)],
    [`${name}EgressToMembers`, egress(port, { DestinationSecurityGroupId: NODES }, why)],
  ]);
  return Object.fromEntries(rules);
}

/** Members of which one is at this network. `name` is the part of the rules' logical ids that tells it. */
export function rulesWithin(name: string, peer: JsonObject): Resources {
  const rules = MEMBER_PORTS.flatMap((of): [string, Resource][] => [
    [`${of.name}IngressFrom${name}`, ingress(of.port, peer, of.why)],
    [`${of.name}EgressTo${name}`, egress(of.port, peer, of.why)],
  ]);
  return Object.fromEntries(rules);
}

/**
 * The names of the rules come from the sources, not from their order. So adding or removing a source does not touch the
 * other rules. And no update makes a rule that still exists under another name.
 */
function clientRules(sources: readonly Source[]): Resources {
  const rules = sources.map((source): [string, Resource] => {
    const [name, peer] =
      source.kind === 'group'
        ? [source.id, { SourceSecurityGroupId: source.id }]
        : [source.cidr, { CidrIp: source.cidr }];
    return [`ClientIngressFrom${alphanumeric(name)}`, ingress(CLIENT_PORT, peer, `clients in ${name}`)];
  });
  return Object.fromEntries(rules.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Logical ids are letters and digits: `10.0.0.0/16` becomes `10x0x0x0x16`. */
function alphanumeric(name: string): string {
  return name.replace(/^sg-/, 'Sg').replace(/[^A-Za-z0-9]/g, 'x');
}

function sshRule({ sshSource, keyName }: TemplateOptions): Resources {
  if (sshSource === undefined || keyName === undefined) return {};
  const source = ref('SshSource');
  const peer = sshSource.kind === 'group' ? { SourceSecurityGroupId: source } : { CidrIp: source };
  return { SshIngress: ingress(SSH_PORT, peer, 'administrators') };
}

function ingress(port: number, peer: JsonObject, description: string): Resource {
  return {
    Type: 'AWS::EC2::SecurityGroupIngress',
    Properties: {
      GroupId: NODES,
      IpProtocol: 'tcp',
      FromPort: port,
      ToPort: port,
      ...peer,
      Description: description,
    },
  };
}

function egress(port: number, peer: JsonObject, description: string): Resource {
  return {
    Type: 'AWS::EC2::SecurityGroupEgress',
    Properties: {
      GroupId: NODES,
      IpProtocol: 'tcp',
      FromPort: port,
      ToPort: port,
      ...peer,
      Description: description,
    },
  };
}
