// SPDX-License-Identifier: Apache-2.0
import type { ApiModel } from '../api-model/model.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import type { MotoClient } from '../moto-client.ts';

/** How fast Auto Scaling's own clock goes; milliseconds. */
export interface ScalingTimings {
  /** How long a second of a hook's timeouts, of the cooldown and of the grace period lasts: less makes them shorter. */
  readonly secondMs: number;
  /** How long an instance stays in Pending:Proceed. */
  readonly proceedMs: number;
}

export const DEFAULT_SCALING_TIMINGS: ScalingTimings = { secondMs: 1_000, proceedMs: 100 };

/** What a group needs of EC2. Its own calls go into the log as those of `autoscaling`. */
export interface GroupCloud {
  readonly ec2: Ec2;
  readonly ec2Model: ApiModel;
  readonly moto: MotoClient;
  readonly logged: <T>(action: string, call: () => Promise<T>) => Promise<T>;
  readonly timings: ScalingTimings;
}
