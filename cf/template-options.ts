// SPDX-License-Identifier: Apache-2.0
/** What the template is made from. Plain data; cf/options.ts makes it from a command line and refuses what can't be. */

export type Architecture = 'x86_64' | 'arm64';
export type VolumeType = 'gp3' | 'io2';

/** How a node comes by its id and address. What each changes in the template stands in cf/identity/modes.ts. */
export const IDENTITY_MODES = ['dynamic'] as const;
export type IdentityMode = (typeof IDENTITY_MODES)[number];

/** Who may open a port: a security group, or a network in CIDR notation. */
export type Source = { readonly kind: 'group'; readonly id: string } | { readonly kind: 'cidr'; readonly cidr: string };

export interface TemplateOptions {
  /** Name of the stack; only messages and the deployer use it, since the template asks AWS::StackName. */
  readonly stackName: string;
  readonly vpcId: string;
  /** Three subnets of that VPC in three zones, private. */
  readonly subnets: readonly string[];
  readonly imageId: string;
  readonly instanceType: string;
  readonly architecture: Architecture;
  /** Without a key there is no SSH. */
  readonly keyName?: string;
  readonly sshSource?: Source;
  /** Beside the members of the stack's own group for clients. */
  readonly clientSources: readonly Source[];
  /** Name of an existing role; without it the template makes one. */
  readonly instanceRole?: string;
  readonly mode: IdentityMode;
  /** The least number of nodes, and how many there are at first. */
  readonly hosts: number;
  /** How many nodes the group has now; an update keeps them. At first as many as `hosts`. */
  readonly presentHosts: number;
  /** The most nodes that the group may be scaled to. A rolling update takes one more. */
  readonly mostHosts: number;
  readonly environment: string;
  readonly volumeGib: number;
  readonly volumeType: VolumeType;
  readonly volumeIops?: number;
  /** The AMI's own name of its root device; without it Debian's. */
  readonly rootDevice?: string;
  readonly monitoring: boolean;
  readonly logRetentionDays: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Further lines of agent.env. */
  readonly settings: Readonly<Record<string, string>>;
  readonly times: StackTimes;
}

/** How long CloudFormation and the lifecycle hooks wait for the nodes. */
interface StackTimes {
  /** For the signals of all nodes of a new stack; ISO 8601 duration. */
  readonly creation: string;
  /** For the signal of each node that a rolling update starts; ISO 8601 duration, at most PT1H. */
  readonly update: string;
  /** Without a heartbeat a launching node is given up after this, a leaving one let go; 30 to 7200. */
  readonly launchHookSeconds: number;
  readonly terminateHookSeconds: number;
}
