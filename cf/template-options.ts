// SPDX-License-Identifier: Apache-2.0
/**
 * The input of the template, as plain data. cf/options.ts makes it from a command line and refuses impossible values.
 */

export type Architecture = 'x86_64' | 'arm64';
export type VolumeType = 'gp3' | 'io2';

/** How a node gets its id and address. cf/identity/modes.ts has what each mode changes in the template. */
export const IDENTITY_MODES = ['dynamic', 'elastic-ip'] as const;
export type IdentityMode = (typeof IDENTITY_MODES)[number];

/** Who may open a port: a security group, or a network in CIDR notation. */
export type Source = { readonly kind: 'group'; readonly id: string } | { readonly kind: 'cidr'; readonly cidr: string };

export interface Zone {
  readonly id: string;
  /** Lower case, without the dot at its end. */
  readonly name: string;
}

export interface TemplateOptions {
  /** The name of the stack. Only messages and the deployer use it, since the template uses AWS::StackName. */
  readonly stackName: string;
  readonly vpcId: string;
  /** Three private subnets of that VPC in three zones. */
  readonly subnets: readonly string[];
  readonly imageId: string;
  readonly instanceType: string;
  readonly architecture: Architecture;
  /** Without a key there is no SSH. */
  readonly keyName?: string;
  readonly sshSource?: Source;
  /** The private hosted zone of the names for clients; without it there are none. */
  readonly zone?: Zone;
  /** Further clients, besides the members of the stack's own group for clients. */
  readonly clientSources: readonly Source[];
  /** The name of an existing role; without it the template makes one. */
  readonly instanceRole?: string;
  readonly mode: IdentityMode;
  /** How many Elastic IPs the stack has; 0 in another mode. */
  readonly addresses: number;
  /** The least number of nodes, and the number at first. */
  readonly hosts: number;
  /** The present number of nodes, which an update keeps. At first the same as `hosts`. */
  readonly presentHosts: number;
  /** The largest size to which the group may be scaled. A rolling update uses one more. */
  readonly mostHosts: number;
  readonly environment: string;
  readonly volumeGib: number;
  readonly volumeType: VolumeType;
  readonly volumeIops?: number;
  /** The AMI's own name of its root device; Debian's when left out. */
  readonly rootDevice?: string;
  readonly monitoring: boolean;
  readonly logRetentionDays: number;
  readonly tags: Readonly<Record<string, string>>;
  /** More lines of agent.env. */
  readonly settings: Readonly<Record<string, string>>;
  readonly times: StackTimes;
}

/** How long CloudFormation and the lifecycle hooks wait for the nodes. */
interface StackTimes {
  /** The limit for the signals of all nodes of a new stack; ISO 8601 duration. */
  readonly creation: string;
  /** The limit for the signal of each node that a rolling update starts; ISO 8601 duration, at most PT1H. */
  readonly update: string;
  /** Without a heartbeat for this long, a launching node is abandoned and a leaving node is terminated; 30 to 7200. */
  readonly launchHookSeconds: number;
  readonly terminateHookSeconds: number;
}
