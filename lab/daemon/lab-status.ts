// SPDX-License-Identifier: Apache-2.0
/** The content of `./lab.sh status`. */
import type { EnsembleConfig } from '../../src/model/member.ts';

/**
 * `removed`: the server still answers, but the committed config does not list it. `joining`: it follows, but has no
 * vote yet.
 */
export type NodeRole = 'leader' | 'follower' | 'observer' | 'joining' | 'removed' | 'not serving' | 'silent';

export interface NodeView {
  readonly instance: string;
  /** EC2's state of the instance; `unknown` when EC2 does not list it. */
  readonly state: string;
  readonly lifecycle?: string;
  /** The image that the instance was started from. */
  readonly image?: string;
  readonly zone?: string;
  readonly address?: string;
  /** The Elastic IP that it has now, at which its member stands. */
  readonly publicAddress?: string;
  readonly machine?: 'running' | 'paused' | 'off';
  /** The ZooKeeper id on the node's disk. */
  readonly id?: number;
  readonly role?: NodeRole;
  readonly zxid?: string;
  /** The names of the data that is set aside on its disk; absent when there is none. */
  readonly aside?: readonly string[];
  /** The last sentence in the agent's log. */
  readonly said?: string;
}

export interface LabStatus {
  readonly name: string;
  readonly cluster: string;
  /** CloudFormation's status of the stack, `CREATE_COMPLETE`; undefined for a bare group. */
  readonly stack?: string;
  readonly group: {
    readonly name: string;
    readonly desired: number;
    readonly maximum: number;
    readonly suspended: readonly string[];
    readonly maintenance: boolean;
  };
  /** The committed config with the highest version that a serving server has; undefined when none serves. */
  readonly config?: EnsembleConfig;
  readonly nodes: readonly NodeView[];
  /** The links that are cut, one direction each; absent when there are none. */
  readonly cuts?: readonly NamedCut[];
  /** Every voter of the config serves, and each of the desired nodes votes. */
  readonly healthy: boolean;
}

/** A cut between two of these: instances, and `aws`. */
export interface NamedCut {
  readonly from: string;
  readonly to: string;
}
