// SPDX-License-Identifier: Apache-2.0
/** The denials of the services (IAM User Guide, "Troubleshoot access denied error messages"). */
import { AwsFailure } from '../failure.ts';
import type { AccessRequest, Evaluation } from './evaluate.ts';

/** `service` is the called service; the action may belong to another one, such as iam:PassRole. */
export function denial(
  service: string,
  request: Omit<AccessRequest, 'context'>,
  because: Evaluation['because'],
): AwsFailure {
  const { principal, action, resource } = request;
  const quoted = service === 's3' ? `"${resource}"` : resource;
  const subject = `User: ${principal.arn} is not authorized to perform: ${action}${resource === '*' ? '' : ` on resource: ${quoted}`}`;
  return worded(service, `${subject} ${reason(action, because)}`);
}

/** A call that is not in the tables of actions, so no caller can have the right to it. */
export function notInTheTable(service: string, principal: string, action: string): AwsFailure {
  return worded(
    service,
    `User: ${principal} is not authorized to perform: ${service}:${action} because the lab does not know which rights it needs: it is not in cloud/iam/actions`,
  );
}

export function noIdentity(service: string, caller: string): AwsFailure {
  return worded(service, `${caller} has no instance profile, and with it no rights`);
}

function reason(action: string, because: Evaluation['because']): string {
  switch (because) {
    case 'denied-by-identity':
      return 'with an explicit deny in an identity-based policy';
    case 'denied-by-resource':
      return 'with an explicit deny in a resource-based policy';
    default:
      return `because no identity-based policy allows the ${action} action`;
  }
}

/** Status and code differ between services: Logs, a JSON service, uses 400. */
function worded(service: string, message: string): AwsFailure {
  if (service === 'ec2') {
    return new AwsFailure('UnauthorizedOperation', `You are not authorized to perform this operation. ${message}`, 403);
  }
  if (service === 'logs') return new AwsFailure('AccessDeniedException', message, 400);
  return new AwsFailure('AccessDenied', message, 403);
}
