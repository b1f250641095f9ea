// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';

const DURATION = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/;

/** Milliseconds of an ISO 8601 duration in the forms that CloudFormation accepts: `PT5M`, `PT1H30M`, `PT10S`. */
export function durationMs(text: string, mostHours: number, name: string): number {
  const found = DURATION.exec(text);
  if (found === null || text === 'PT') {
    throw new AwsFailure('ValidationError', `Invalid ${name}: ${text} is not a duration in the form PT#H#M#S`);
  }
  const [hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((part) => Number(part ?? 0));
  const ms = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  if (ms > mostHours * 3_600_000) {
    throw new AwsFailure('ValidationError', `Invalid ${name}: ${text} is longer than PT${mostHours}H`);
  }
  return ms;
}
