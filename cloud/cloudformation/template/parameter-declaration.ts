// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import { isStruct, type Struct, textAt, textsAt } from '../../value.ts';

/** The parameter types that the lab supports. A value of an EC2 type must name something that exists. */
const PARAMETER_TYPES = [
  'String',
  'Number',
  'CommaDelimitedList',
  'List<Number>',
  'AWS::EC2::VPC::Id',
  'AWS::EC2::Subnet::Id',
  'AWS::EC2::SecurityGroup::Id',
  'AWS::EC2::Image::Id',
  'AWS::EC2::KeyPair::KeyName',
  'AWS::EC2::AvailabilityZone::Name',
  'List<AWS::EC2::VPC::Id>',
  'List<AWS::EC2::Subnet::Id>',
  'List<AWS::EC2::SecurityGroup::Id>',
  'List<AWS::EC2::AvailabilityZone::Name>',
] as const;
type ParameterType = (typeof PARAMETER_TYPES)[number];

export interface ParameterDeclaration {
  readonly name: string;
  readonly type: ParameterType;
  readonly defaultValue?: string;
  readonly description?: string;
  readonly noEcho: boolean;
  readonly allowedValues: readonly string[];
  readonly allowedPattern?: string;
  readonly constraintDescription?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minValue?: number;
  readonly maxValue?: number;
}

const MEMBERS = [
  'Type',
  'Default',
  'Description',
  'NoEcho',
  'AllowedValues',
  'AllowedPattern',
  'ConstraintDescription',
  'MinLength',
  'MaxLength',
  'MinValue',
  'MaxValue',
];

export function readParameters(section: Struct): ReadonlyMap<string, ParameterDeclaration> {
  return new Map(
    Object.entries(section).map(([name, body]) => {
      if (!isStruct(body)) throw malformed(`[/Parameters/${name}] must be an object`);
      return [name, readParameter(name, body)];
    }),
  );
}

function readParameter(name: string, body: Struct): ParameterDeclaration {
  for (const member of Object.keys(body)) {
    if (!MEMBERS.includes(member)) throw malformed(`Invalid template parameter property '${member}'`);
  }
  const given = textAt(body, 'Type');
  const type = PARAMETER_TYPES.find((one) => one === given);
  if (type === undefined) throw malformed(`The lab does not support the type ${given} of the parameter ${name}`);
  const { Default: initial, AllowedValues: allowed = [] } = body;
  const allowedValues = Array.isArray(allowed) ? allowed.map(String) : textsAt(body, 'AllowedValues');
  return {
    name,
    type,
    noEcho: String(body.NoEcho ?? false) === 'true',
    allowedValues,
    ...(initial === undefined ? {} : { defaultValue: String(initial) }),
    ...texts(body),
    ...numbers(name, body),
  };
}

function texts(body: Struct) {
  const description = textAt(body, 'Description');
  const allowedPattern = textAt(body, 'AllowedPattern');
  const constraintDescription = textAt(body, 'ConstraintDescription');
  return {
    ...(description === undefined ? {} : { description }),
    ...(allowedPattern === undefined ? {} : { allowedPattern }),
    ...(constraintDescription === undefined ? {} : { constraintDescription }),
  };
}

function numbers(name: string, body: Struct) {
  const read = (member: string): number | undefined => {
    const value = body[member];
    if (value === undefined) return undefined;
    const number = Number(value);
    if (Number.isNaN(number)) throw malformed(`[/Parameters/${name}/${member}] must be a number`);
    return number;
  };
  const [minLength, maxLength, minValue, maxValue] = ['MinLength', 'MaxLength', 'MinValue', 'MaxValue'].map(read);
  return {
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(minValue === undefined ? {} : { minValue }),
    ...(maxValue === undefined ? {} : { maxValue }),
  };
}

function malformed(message: string): AwsFailure {
  return new AwsFailure('ValidationError', `Template format error: ${message}`);
}
