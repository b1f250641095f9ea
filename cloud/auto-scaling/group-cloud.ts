// SPDX-License-Identifier: Apache-2.0
import type { ApiModel } from '../api-model/model.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import type { MotoClient } from '../moto-client.ts';

export interface ScalingTimings {
  /** The clock of a hook's timeouts, the cooldown and the grace period; milliseconds. */
  readonly nowMs: () => number;
  /** How long an instance stays in Pending:Proceed. */
  readonly proceedMs: number;
}

export const DEFAULT_SCALING_TIMINGS: ScalingTimings = { nowMs: Date.now, proceedMs: 100 };

/** The parts of EC2 that a group needs. The log has its calls as those of `autoscaling`. */
export interface GroupCloud {
  readonly ec2: Ec2;
  readonly ec2Model: ApiModel;
  readonly moto: MotoClient;
  readonly logged: <T>(action: string, call: () => Promise<T>) => Promise<T>;
  readonly timings: ScalingTimings;
}
