// SPDX-License-Identifier: Apache-2.0
import type { ApiModel } from './api-model/model.ts';
import { AwsFailure } from './failure.ts';
import type { FaultKind, PlacedFault } from './faults.ts';

/** The answer of each service when it gets too many calls. */
export function throttled(service: string): AwsFailure {
  switch (service) {
    case 'ec2':
      return new AwsFailure('RequestLimitExceeded', 'Request limit exceeded.', 503);
    case 's3':
      return new AwsFailure('SlowDown', 'Please reduce your request rate.', 503);
    case 'logs':
      return new AwsFailure('ThrottlingException', 'Rate exceeded');
    default:
      return new AwsFailure('Throttling', 'Rate exceeded');
  }
}

/** An internal error and an unavailable service, by turns. */
export function broken(service: string, fault: PlacedFault): AwsFailure {
  if (fault.struck % 2 === 0) return new AwsFailure('ServiceUnavailable', 'Service is unable to handle request.', 503);
  const code =
    service === 'logs' || service === 'autoscaling' || service === 'iam' ? 'InternalFailure' : 'InternalError';
  return new AwsFailure(code, 'An internal error has occurred', 500);
}

/** Whether a kind of fault makes sense for this call. */
export function canStrike(kind: FaultKind, service: string, action: string): boolean {
  if (kind === 'empty') return /^(Describe|List)/.test(action);
  if (kind === 'stale') return STALE_ACTIONS.has(`${service}.${action}`);
  return true;
}

const STALE_ACTIONS = new Set([
  'ec2.DescribeInstances',
  'ec2.DescribeTags',
  'autoscaling.DescribeAutoScalingGroups',
  'autoscaling.DescribeAutoScalingInstances',
]);

/** The refusal of an unregistered key, in the words of each service. */
export function unknownKey(model: ApiModel): AwsFailure {
  switch (model.protocol) {
    case 'ec2':
      return new AwsFailure('AuthFailure', 'AWS was not able to validate the provided access credentials', 401);
    case 'json':
      return new AwsFailure('UnrecognizedClientException', 'The security token included in the request is invalid.');
    case 'rest-xml':
      if (model.service === 'route53') {
        return new AwsFailure('InvalidClientTokenId', 'The security token included in the request is invalid.', 403);
      }
      return new AwsFailure(
        'InvalidAccessKeyId',
        'The AWS Access Key Id you provided does not exist in our records.',
        403,
      );
    case 'query':
      return new AwsFailure('InvalidClientTokenId', 'The security token included in the request is invalid.', 403);
  }
}
