// SPDX-License-Identifier: Apache-2.0
/** Facts about a stack and its place, for its own template. */
interface PseudoParameters {
  readonly 'AWS::AccountId': string;
  readonly 'AWS::Partition': string;
  readonly 'AWS::Region': string;
  readonly 'AWS::StackId': string;
  readonly 'AWS::StackName': string;
  readonly 'AWS::URLSuffix': string;
}

const NAMES: readonly string[] = [
  'AWS::AccountId',
  'AWS::NoValue',
  'AWS::Partition',
  'AWS::Region',
  'AWS::StackId',
  'AWS::StackName',
  'AWS::URLSuffix',
];

export function isPseudoParameter(name: string): boolean {
  return NAMES.includes(name);
}

export function pseudoParameters(stack: {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly account: string;
}): PseudoParameters {
  return {
    'AWS::AccountId': stack.account,
    'AWS::Partition': 'aws',
    'AWS::Region': stack.region,
    'AWS::StackId': stack.id,
    'AWS::StackName': stack.name,
    'AWS::URLSuffix': 'amazonaws.com',
  };
}
