// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import { type Struct, textAt, type Value } from '../../value.ts';
import type { ParameterDeclaration } from './parameter-declaration.ts';

export type ParameterValues = ReadonlyMap<string, string>;
type Declarations = ReadonlyMap<string, ParameterDeclaration>;

/** The value of each parameter: the given one, the stack's present one where the input asks for it, or the default. */
export function parameterValues(
  declared: Declarations,
  given: readonly Struct[],
  previous?: ParameterValues,
): ParameterValues {
  const unknown = given.map((one) => textAt(one, 'ParameterKey') ?? '').filter((name) => !declared.has(name));
  if (unknown.length > 0) throw invalid(`Parameters: [${unknown.join(', ')}] do not exist in the template`);
  const values = new Map<string, string>();
  const missing: string[] = [];
  for (const [name, declaration] of declared) {
    const one = given.find((candidate) => textAt(candidate, 'ParameterKey') === name);
    const value = one?.UsePreviousValue === true ? previousOf(name, previous) : textAt(one, 'ParameterValue');
    const chosen = value ?? (one === undefined ? declaration.defaultValue : undefined);
    if (chosen === undefined) missing.push(name);
    else values.set(name, checked(declaration, chosen));
  }
  if (missing.length > 0) throw invalid(`Parameters: [${missing.join(', ')}] must have values`);
  return values;
}

function previousOf(name: string, previous: ParameterValues | undefined): string {
  const value = previous?.get(name);
  if (value === undefined) {
    throw invalid(
      `Invalid input for parameter key ${name}. Cannot specify usePreviousValue as true for a parameter key not in the previous template`,
    );
  }
  return value;
}

/** Ref of a list parameter gives a list. */
export function parameterValue(declaration: ParameterDeclaration, value: string): Value {
  return isList(declaration) ? value.split(',').map((item) => item.trim()) : value;
}

function isList({ type }: ParameterDeclaration): boolean {
  return type === 'CommaDelimitedList' || type.startsWith('List<');
}

function checked(declaration: ParameterDeclaration, value: string): string {
  const items = isList(declaration) ? value.split(',').map((item) => item.trim()) : [value];
  for (const item of items) {
    const problem = problemOf(declaration, item);
    if (problem === undefined) continue;
    const { name, constraintDescription } = declaration;
    throw invalid(
      constraintDescription === undefined
        ? `Parameter '${name}' ${problem}`
        : `Parameter ${name} failed to satisfy constraint: ${constraintDescription}`,
    );
  }
  return value;
}

function problemOf(declaration: ParameterDeclaration, item: string): string | undefined {
  const { type, allowedValues, allowedPattern, minLength, maxLength, minValue, maxValue } = declaration;
  if (allowedValues.length > 0 && !allowedValues.includes(item)) {
    return `must be one of AllowedValues`;
  }
  if (allowedPattern !== undefined && !new RegExp(`^(?:${allowedPattern})$`).test(item)) {
    return `must match pattern ${allowedPattern}`;
  }
  if (minLength !== undefined && item.length < minLength) return `must contain at least ${minLength} characters`;
  if (maxLength !== undefined && item.length > maxLength) return `must contain at most ${maxLength} characters`;
  if (type === 'Number' || type === 'List<Number>') {
    const number = Number(item);
    if (item === '' || Number.isNaN(number)) return 'must be a number.';
    if (minValue !== undefined && number < minValue) return `must be a number not less than ${minValue}`;
    if (maxValue !== undefined && number > maxValue) return `must be a number not greater than ${maxValue}`;
  }
  return undefined;
}

type Ask = (service: string, action: string, input: Struct) => Promise<Struct>;

/** The EC2 call that finds things of one type by their names. */
const EXISTING: Readonly<Record<string, { readonly action: string; readonly by: string }>> = {
  'AWS::EC2::VPC::Id': { action: 'DescribeVpcs', by: 'VpcIds' },
  'AWS::EC2::Subnet::Id': { action: 'DescribeSubnets', by: 'SubnetIds' },
  'AWS::EC2::SecurityGroup::Id': { action: 'DescribeSecurityGroups', by: 'GroupIds' },
  'AWS::EC2::Image::Id': { action: 'DescribeImages', by: 'ImageIds' },
  'AWS::EC2::KeyPair::KeyName': { action: 'DescribeKeyPairs', by: 'KeyNames' },
  'AWS::EC2::AvailabilityZone::Name': { action: 'DescribeAvailabilityZones', by: 'ZoneNames' },
};

/** What a parameter of an AWS-specific type names must exist for this caller. */
export async function checkExistence(declared: Declarations, values: ParameterValues, ask: Ask): Promise<void> {
  for (const [name, declaration] of declared) {
    const existing = EXISTING[declaration.type.replace(/^List<(.*)>$/, '$1')];
    if (existing === undefined) continue;
    for (const item of [parameterValue(declaration, values.get(name) ?? '')].flat().map(String)) {
      if (await exists(ask, existing.action, existing.by, item)) continue;
      throw invalid(`Parameter validation failed: parameter value ${item} for parameter name ${name} does not exist`);
    }
  }
}

/** EC2 has a separate error code for each kind of missing thing. */
async function exists(ask: Ask, action: string, by: string, item: string): Promise<boolean> {
  if (item === '') return false;
  try {
    await ask('ec2', action, { [by]: [item] });
    return true;
  } catch (error) {
    if (error instanceof AwsFailure && /NotFound|Malformed|InvalidParameterValue|Unavailable/.test(error.code)) {
      return false;
    }
    throw error;
  }
}

function invalid(message: string): AwsFailure {
  return new AwsFailure('ValidationError', message);
}
