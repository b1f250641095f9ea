// SPDX-License-Identifier: Apache-2.0
/** What CloudFormation makes of a template: functions, conditions, parameters, and what it refuses before it begins. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  GetTemplateCommand,
  GetTemplateSummaryCommand,
  ListStacksCommand,
  ValidateTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { CreateKeyPairCommand } from '@aws-sdk/client-ec2';
import {
  hole,
  type Json,
  logGroup,
  outputsOf,
  type Resources,
  Stacks,
  type Submitted,
  templateOf,
} from './cloudformation-stacks.ts';
import { LocalAws, refused } from './local-aws.ts';

let aws: LocalAws;
let stacks: Stacks;
before(async () => {
  aws = await LocalAws.start();
  stacks = new Stacks(aws);
});
after(async () => {
  stacks.close();
  await aws.close();
});

const NOTHING_ELSE: Resources = { Logs: logGroup() };

/** The values of outputs in a stack that is made for them. */
async function valuesOf(outputs: { readonly [name: string]: Json }, sections: object = {}, submitted: Submitted = {}) {
  const name = stacks.name();
  const stack = await stacks.create(name, templateOf(NOTHING_ELSE, { outputs, ...sections }), submitted);
  assert.equal(stack.StackStatus, 'CREATE_COMPLETE', stack.StackStatusReason);
  return { stack, values: outputsOf(stack) };
}

async function refusedTemplate(template: string, message: RegExp): Promise<void> {
  await refused(
    stacks.client.send(new ValidateTemplateCommand({ TemplateBody: template })),
    'ValidationError',
    message,
  );
}

test('pseudo parameters, Ref and Fn::GetAtt of a resource', async () => {
  const { stack, values } = await valuesOf({
    Name: { Ref: 'AWS::StackName' },
    Id: { Ref: 'AWS::StackId' },
    Region: { Ref: 'AWS::Region' },
    Account: { Ref: 'AWS::AccountId' },
    Partition: { Ref: 'AWS::Partition' },
    Suffix: { Ref: 'AWS::URLSuffix' },
    Logs: { Ref: 'Logs' },
    Arn: { 'Fn::GetAtt': ['Logs', 'Arn'] },
  });
  assert.equal(values.Name, stack.StackName);
  assert.equal(values.Id, stack.StackId);
  assert.deepEqual([values.Region, values.Partition, values.Suffix], [aws.cloud.region, 'aws', 'amazonaws.com']);
  assert.equal(values.Logs, await stacks.physicalId(stack.StackName ?? '', 'Logs'));
  assert.equal(values.Arn, `arn:aws:logs:${aws.cloud.region}:${values.Account}:log-group:${values.Logs}:*`);
});

test('Fn::Sub, Join, Select, Split and Base64, one in the other', async () => {
  const { stack, values } = await valuesOf({
    Plain: { 'Fn::Sub': ['AWS::StackName', 'Logs', 'Logs.Arn', '!Literal'].map(hole).join('/') },
    Variables: {
      'Fn::Sub': [`${hole('Word')} of ${hole('AWS::Region')}`, { Word: { 'Fn::Join': ['-', ['a', 'b', 'c']] } }],
    },
    Unique: {
      'Fn::Select': [0, { 'Fn::Split': ['-', { 'Fn::Select': [2, { 'Fn::Split': ['/', { Ref: 'AWS::StackId' }] }] }] }],
    },
    Encoded: { 'Fn::Base64': { 'Fn::Sub': `of ${hole('AWS::Region')}` } },
  });
  const logs = await stacks.physicalId(stack.StackName ?? '', 'Logs');
  assert.ok(values.Plain?.startsWith(`${stack.StackName}/${logs}/arn:aws:logs:`));
  assert.ok(values.Plain?.endsWith(`/${hole('Literal')}`));
  assert.equal(values.Variables, `a-b-c of ${aws.cloud.region}`);
  assert.equal(values.Unique, stack.StackId?.split('/')[2]?.slice(0, 8));
  assert.equal(Buffer.from(values.Encoded ?? '', 'base64').toString(), `of ${aws.cloud.region}`);
});

test('a parameter has its value, its default, or the stack is refused', async () => {
  const sections = { parameters: { Word: { Type: 'String' }, List: { Type: 'CommaDelimitedList', Default: 'a, b' } } };
  const outputs = { Word: { Ref: 'Word' }, Second: { 'Fn::Select': [1, { Ref: 'List' }] } };
  const { values } = await valuesOf(outputs, sections, { Parameters: [{ ParameterKey: 'Word', ParameterValue: 'w' }] });
  assert.deepEqual(values, { Word: 'w', Second: 'b' });
  const text = templateOf(NOTHING_ELSE, sections);
  await refused(stacks.create('x', text), 'ValidationError', /^Parameters: \[Word\] must have values$/);
  const unknown = { Parameters: [{ ParameterKey: 'Other', ParameterValue: 'x' }] };
  await refused(stacks.create('x', text, unknown), 'ValidationError', /\[Other\] do not exist in the template/);
});

test('constraints of parameters', async () => {
  const start = (declaration: Json, value: string) =>
    stacks.start('never', templateOf(NOTHING_ELSE, { parameters: { P: declaration } }), {
      Parameters: [{ ParameterKey: 'P', ParameterValue: value }],
    });
  const cases: readonly (readonly [Json, string, RegExp])[] = [
    [{ Type: 'String', AllowedValues: ['a', 'b'] }, 'c', /must be one of AllowedValues/],
    [{ Type: 'String', AllowedPattern: '[a-z]+' }, 'a1', /must match pattern \[a-z\]\+/],
    [
      { Type: 'String', AllowedPattern: '[a-z]+', ConstraintDescription: 'letters only' },
      '1',
      /^Parameter P failed to satisfy constraint: letters only$/,
    ],
    [{ Type: 'String', MinLength: 2 }, 'a', /at least 2 characters/],
    [{ Type: 'String', MaxLength: '2' }, 'abc', /at most 2 characters/],
    [{ Type: 'Number' }, 'many', /must be a number/],
    [{ Type: 'Number', MinValue: 3 }, '2', /not less than 3/],
    [{ Type: 'List<Number>', MaxValue: 3 }, '1,4', /not greater than 3/],
  ];
  for (const [declaration, value, message] of cases) {
    await refused(start(declaration, value), 'ValidationError', message);
  }
});

test('what a parameter of an AWS-specific type names must exist', async () => {
  const [subnet = ''] = await aws.subnets();
  const image = await aws.image();
  await aws.operator.ec2.send(new CreateKeyPairCommand({ KeyName: 'mine' }));
  const existing: readonly (readonly [string, string, string])[] = [
    ['List<AWS::EC2::Subnet::Id>', subnet, `${subnet},subnet-00000000`],
    ['AWS::EC2::Subnet::Id', subnet, 'subnet-00000000'],
    ['AWS::EC2::Image::Id', image, 'ami-00000000'],
    ['AWS::EC2::KeyPair::KeyName', 'mine', 'theirs'],
  ];
  for (const [Type, good, bad] of existing) {
    const text = templateOf(NOTHING_ELSE, { parameters: { P: { Type } } });
    const given = (ParameterValue: string) => ({ Parameters: [{ ParameterKey: 'P', ParameterValue }] });
    await stacks.create(stacks.name(), text, given(good));
    const message = /^Parameter validation failed: parameter value \S+ for parameter name P does not exist$/;
    await refused(stacks.start('never', text, given(bad)), 'ValidationError', message);
  }
  const { StackSummaries = [] } = await stacks.client.send(new ListStacksCommand({}));
  assert.ok(!StackSummaries.some(({ StackName }) => StackName === 'never'));
});

test('NoEcho: the value is used and never shown', async () => {
  const sections = { parameters: { Secret: { Type: 'String', NoEcho: true } } };
  const given = { Parameters: [{ ParameterKey: 'Secret', ParameterValue: 'open sesame' }] };
  const { stack, values } = await valuesOf({ Used: { Ref: 'Secret' } }, sections, given);
  assert.equal(values.Used, 'open sesame');
  assert.deepEqual(stack.Parameters, [{ ParameterKey: 'Secret', ParameterValue: '****' }]);
});

test('the template is given back as it came, and summed up', async () => {
  const text = templateOf(
    { Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: { Statement: [] } } } },
    { parameters: { P: { Type: 'Number', Default: 3, Description: 'how many' } } },
  );
  const summary = await stacks.client.send(new GetTemplateSummaryCommand({ TemplateBody: text }));
  assert.deepEqual(summary.Capabilities, ['CAPABILITY_IAM']);
  assert.deepEqual(summary.ResourceTypes, ['AWS::IAM::Role']);
  assert.equal(summary.Parameters?.[0]?.DefaultValue, '3');
  const valid = await stacks.client.send(new ValidateTemplateCommand({ TemplateBody: text }));
  assert.match(valid.CapabilitiesReason ?? '', /AWS::IAM::Role/);
  const name = stacks.name();
  const plain = templateOf(NOTHING_ELSE);
  await stacks.create(name, plain);
  assert.equal((await stacks.client.send(new GetTemplateCommand({ StackName: name }))).TemplateBody, plain);
});

test('references that lead nowhere, and circles, are refused', async () => {
  const of = (properties: Json, attributes = {}) => templateOf({ Logs: logGroup(properties, attributes) });
  await refusedTemplate(of({ LogGroupName: { Ref: 'Nobody' } }), /Unresolved resource dependencies \[Nobody\]/);
  await refusedTemplate(
    of({ LogGroupName: { 'Fn::Sub': hole('Nobody') } }),
    /Unresolved resource dependencies \[Nobody\]/,
  );
  await refusedTemplate(of({ LogGroupName: { 'Fn::GetAtt': ['Nobody', 'Arn'] } }), /undefined resource Nobody/);
  await refusedTemplate(of({}, { DependsOn: 'Nobody' }), /Unresolved resource dependencies \[Nobody\]/);
  const circle = templateOf({
    One: logGroup({ LogGroupName: { Ref: 'Two' } }),
    Two: logGroup({ LogGroupName: { 'Fn::Sub': `${hole('One')}x` } }),
    Three: logGroup(),
  });
  await refused(
    stacks.start('never', circle),
    'ValidationError',
    /Circular dependency between resources: \[One, Two\]/,
  );
});

test('what AWS or the lab does not know is refused, never ignored', async () => {
  const of = (properties: Json, attributes = {}) => templateOf({ Logs: logGroup(properties, attributes) });
  await refusedTemplate(templateOf({ X: { Type: 'AWS::Made::Up' } }), /Unrecognized resource types: \[AWS::Made::Up\]/);
  await refusedTemplate(
    templateOf({ X: { Type: 'AWS::SQS::Queue' } }),
    /lab does not support the resource type AWS::SQS::Queue/,
  );
  await refusedTemplate(of({ Colour: 'red' }), /extraneous key \[Colour\] is not permitted/);
  await refusedTemplate(of({ DataProtectionPolicy: {} }), /lab does not support the property DataProtectionPolicy/);
  await refusedTemplate(
    of({ LogGroupName: { 'Fn::GetAtt': ['Logs', 'Colour'] } }),
    /does not support attribute type Colour/,
  );
  await refusedTemplate(
    of({ LogGroupName: { 'Fn::ImportValue': 'x' } }),
    /lab does not support the function Fn::ImportValue/,
  );
  await refusedTemplate(
    of({ RetentionInDays: { 'Fn::If': ['IsLarge', 30, 7] } }),
    /lab does not support the function Fn::If/,
  );
  await refusedTemplate(of({}, { Condition: 'IsLarge' }), /does not support the attribute Condition/);
  await refusedTemplate(
    '{"Resources": {"A": {"Type": "AWS::Logs::LogGroup"}}, "Conditions": {}}',
    /section Conditions/,
  );
  await refusedTemplate(
    of({}, { UpdatePolicy: { AutoScalingRollingUpdate: {} } }),
    /does not support policies of AWS::Logs/,
  );
  await refusedTemplate(of({}, { DeletionPolicy: 'Snapshot' }), /does not support DeletionPolicy "Snapshot"/);
  await refusedTemplate(of({}, { Colour: 'red' }), /does not support the attribute Colour/);
  await refusedTemplate(templateOf({}), /At least one Resources member/);
  await refusedTemplate('Resources:\n  Logs:\n    Type: AWS::Logs::LogGroup\n', /in JSON only, not in YAML/);
  await refusedTemplate('{"Resources": ', /JSON not well-formed/);
  await refusedTemplate(of({ LogGroupName: null }), /Null values are not allowed in templates/);
  await refusedTemplate('{"Resources": {"A": {"Type": "AWS::Logs::LogGroup"}}, "Transform": "x"}', /section Transform/);
});

test('values are held against the schema of the registry', async () => {
  const failed = async (properties: Json): Promise<string> => {
    const stack = await stacks.create(stacks.name(), templateOf({ Logs: logGroup(properties) }));
    assert.equal(stack.StackStatus, 'ROLLBACK_COMPLETE');
    const story = await stacks.story(stack.StackId ?? '', 'Logs');
    return story.find((line) => line.startsWith('CREATE_FAILED')) ?? '';
  };
  assert.match(await failed({ RetentionInDays: 31 }), /#\/RetentionInDays: 31 is not a valid enum value/);
  assert.match(await failed({ RetentionInDays: 'long' }), /#\/RetentionInDays: expected type: integer/);
  assert.match(await failed({ LogGroupName: 'a b' }), /#\/LogGroupName: failed validation constraint .*pattern/);
  assert.match(await failed({ Tags: [{ Key: 'a' }] }), /#\/Tags\/0: required key \[Value\] not found/);
});
