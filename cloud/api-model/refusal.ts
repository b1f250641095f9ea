// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import type { Problem } from './check.ts';
import type { Protocol } from './model.ts';

/** The error of a service with this protocol for a call that does not fit its model. */
export function refusal(service: string, protocol: Protocol, problems: readonly Problem[]): AwsFailure {
  const [first] = problems;
  if (first === undefined) throw new Error('a call without a problem can not be refused');
  if (protocol === 'ec2') return ofEc2(first);
  if (service === 'route53') {
    return new AwsFailure('InvalidInput', `Invalid request: ${problems.map(constraint).join('; ')}`);
  }
  if (protocol === 'rest-xml') return new AwsFailure('InvalidArgument', constraint(first));
  if (protocol === 'json' && (first.kind === 'type' || first.kind === 'unknown')) {
    return new AwsFailure('SerializationException', constraint(first));
  }
  const code = service === 'logs' ? 'InvalidParameterException' : 'ValidationError';
  const count = `${problems.length} validation error${problems.length === 1 ? '' : 's'} detected`;
  return new AwsFailure(code, `${count}: ${problems.map(constraint).join('; ')}`);
}

export function unknownAction(service: string, protocol: Protocol, action: string, version: string): AwsFailure {
  switch (protocol) {
    case 'ec2':
      return new AwsFailure('InvalidAction', `The action ${action} is not valid for this web service.`);
    case 'query':
      return new AwsFailure('InvalidAction', `Could not find operation ${action} for version ${version}`);
    case 'json':
      return new AwsFailure('UnknownOperationException', `${service} has no operation ${action}`);
    case 'rest-xml':
      return new AwsFailure('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
  }
}

function ofEc2(problem: Problem): AwsFailure {
  const { path, value, wanted } = problem;
  switch (problem.kind) {
    case 'unknown':
      return new AwsFailure('UnknownParameter', `The parameter ${path} is not recognized`);
    case 'missing':
      return new AwsFailure('MissingParameter', `The request must contain the parameter ${path}`);
    default:
      return new AwsFailure(
        'InvalidParameterValue',
        `Value (${value}) for parameter ${path} is invalid. Wanted: ${wanted}`,
      );
  }
}

function constraint(problem: Problem): string {
  const { kind, path, value, wanted } = problem;
  if (kind === 'unknown') return `Unknown parameter '${path}'`;
  const subject = kind === 'missing' ? `Value null at '${path}'` : `Value '${value}' at '${path}'`;
  return `${subject} failed to satisfy constraint: Member must ${must(kind, wanted)}`;
}

function must(kind: Exclude<Problem['kind'], 'unknown'>, wanted: string): string {
  switch (kind) {
    case 'missing':
      return 'not be null';
    case 'type':
      return `be of type ${wanted}`;
    case 'enum':
      return `satisfy enum value set: ${wanted}`;
    case 'pattern':
      return `satisfy regular expression pattern: ${wanted}`;
    case 'short':
      return `have length or value greater than or equal to ${wanted}`;
    case 'long':
      return `have length or value less than or equal to ${wanted}`;
  }
}
