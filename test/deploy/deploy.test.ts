// SPDX-License-Identifier: Apache-2.0
/** Whole deployments against the local CloudFormation, with the nodes played. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DescribeAutoScalingGroupsCommand, SetDesiredCapacityCommand } from '@aws-sdk/client-auto-scaling';
import {
  CreateChangeSetCommand,
  CreateStackCommand,
  DescribeStacksCommand,
  ListChangeSetsCommand,
} from '@aws-sdk/client-cloudformation';
import { deployerPolicy } from '../../cf/deployer-policy.ts';
import { template, templateText } from '../../cf/template.ts';
import { deploy } from '../../deploy/deploy.ts';
import type { DeployError } from '../../deploy/errors.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import { LocalAws, waitFor } from '../cloud/local-aws.ts';
import {
  clientsOf,
  type Deployer,
  deployer,
  giveWayOut,
  makeAccount,
  makeImage,
  optionsFor,
  type TestAccount,
} from './support/account.ts';
import { type Nodes, playNodes } from './support/nodes.ts';

let local: LocalAws;
let account: TestAccount;
let operator: AwsClients;
/** Has no more than the documented permissions. */
let aws: AwsClients;
let nodes: Nodes;

before(async () => {
  local = await LocalAws.start({ deployerPolicy: deployerPolicy() });
  account = await makeAccount(local);
  await giveWayOut(local, account);
  operator = clientsOf(local, 'operator');
  aws = clientsOf(local, 'deployer');
  nodes = playNodes(clientsOf(local, 'lab'));
});

after(async () => {
  await nodes[Symbol.asyncDispose]();
  aws[Symbol.dispose]();
  operator[Symbol.dispose]();
  await local.close();
});

/** A deployment's own run, with what it showed. */
async function run(
  stackName: string,
  answers: Readonly<Record<string, unknown>> = {},
  context: Deployer = deployer(aws),
) {
  const options = optionsFor(account, stackName, { numhosts: 1, ...answers });
  const result = await deploy(options, context);
  return { result, text: context.terminal.text };
}

async function failing(
  stackName: string,
  answers: Readonly<Record<string, unknown>> = {},
  context: Deployer = deployer(aws),
): Promise<DeployError> {
  return run(stackName, answers, context).then(
    () => assert.fail('the deployment has to fail'),
    (error: DeployError) => error,
  );
}

async function statusOf(StackName: string): Promise<string | undefined> {
  const { Stacks = [] } = await aws.cloudFormation
    .send(new DescribeStacksCommand({ StackName }))
    .catch(() => ({ Stacks: [] }));
  return Stacks[0]?.StackStatus;
}

async function groupOf(name: string | undefined) {
  const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name ?? ''] });
  return (await aws.autoScaling.send(command)).AutoScalingGroups?.[0];
}

/** The actions of CloudFormation that a deployment has called since then. */
function stackCalls(sinceMs: number): readonly string[] {
  const filter = { sinceMs, caller: 'deployer', service: 'cloudformation' };
  return local.cloud.calls.list(filter).map(({ action }) => action);
}

test('creates, then finds nothing to change', async () => {
  const first = await run('orders');
  assert.equal(first.result.action, 'created');
  const { Cluster, GroupName, BucketName, ClaimsLogGroupName } = first.result.outputs;
  assert.match(Cluster ?? '', /^orders-[0-9a-f]{8}$/);
  assert.equal(ClaimsLogGroupName, `/zookeeper/${Cluster}`);
  assert.ok(BucketName);
  assert.equal((await groupOf(GroupName))?.Instances?.length, 1);
  assert.match(first.text, /^Creating the stack orders: \d+ to create\.$/m);
  assert.match(first.text, /^ {2}create {2}Group +AWS::AutoScaling::AutoScalingGroup$/m);
  assert.match(first.text, /\ds {2}Group +CREATE_IN_PROGRESS/);
  assert.match(first.text, /\ds {2}orders +CREATE_COMPLETE/);
  const sinceMs = Date.now();
  const second = await run('orders');
  assert.equal(second.result.action, 'unchanged');
  assert.deepEqual(second.result.outputs, first.result.outputs);
  assert.ok(!stackCalls(sinceMs).includes('ExecuteChangeSet'));
  const sets = await aws.cloudFormation.send(new ListChangeSetsCommand({ StackName: 'orders' }));
  assert.deepEqual(
    (sets.Summaries ?? []).filter(({ ExecutionStatus }) => ExecutionStatus === 'AVAILABLE'),
    [],
  );
});

test('a dry run shows what would change and changes nothing', async () => {
  const sinceMs = Date.now();
  const context = deployer(aws);
  const options = { ...optionsFor(account, 'orders', { numhosts: 1, logretention: 60 }), dryRun: true };
  const result = await deploy(options, context);
  assert.equal(result.action, 'would update');
  assert.match(context.terminal.text, /change {2}NodeLogGroup +AWS::Logs::LogGroup: RetentionInDays/);
  assert.ok(!stackCalls(sinceMs).includes('ExecuteChangeSet'));
  assert.equal((await run('orders')).result.action, 'unchanged');
});

test('a dry run of a new stack leaves no stack', async () => {
  const result = await deploy({ ...optionsFor(account, 'fresh'), dryRun: true }, deployer(aws));
  assert.equal(result.action, 'would create');
  assert.equal(await statusOf('fresh'), undefined);
});

test('an update replaces the nodes and keeps the present size', async () => {
  const { result } = await run('orders');
  const group = result.outputs.GroupName;
  const scale = new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 3 });
  await operator.autoScaling.send(scale);
  await local.inService(group ?? '', 3);
  const imageId = await makeImage(local);
  const context = deployer(aws);
  const updated = await run('orders', { ami: imageId }, context);
  assert.equal(updated.result.action, 'updated');
  assert.match(updated.text, /has 3 nodes, which an update keeps/);
  assert.match(updated.text, /change {2}Group .*LaunchTemplate; its nodes are replaced one by one/);
  assert.match(updated.text, /change {2}LaunchTemplate +AWS::EC2::LaunchTemplate: /);
  const after = await groupOf(group);
  assert.equal(after?.DesiredCapacity, 3);
  assert.equal(after?.MinSize, 1);
  account = { ...account, imageId };
  assert.equal((await run('orders')).result.action, 'unchanged');
});

test('an image that never votes: the update is rolled back and the first cause is told', async () => {
  const imageId = await makeImage(local);
  nodes.broken.add(imageId);
  const error = await failing('orders', { ami: imageId });
  assert.equal(error.code, 'DEPLOYMENT_FAILED');
  assert.match(error.message, /UPDATE_ROLLBACK_COMPLETE/);
  assert.match(error.message, /First cause: Group \(AWS::AutoScaling::AutoScalingGroup\): .*signal/);
  assert.match(error.next, /agent's log/);
  assert.equal((await run('orders')).result.action, 'unchanged');
});

test('a creation that fails leaves a stack that is deleted first, after a question', async () => {
  nodes.broken.add(account.imageId);
  const error = await failing('bills');
  nodes.broken.delete(account.imageId);
  assert.equal(error.code, 'DEPLOYMENT_FAILED');
  assert.match(error.message, /First cause: Group .*signal/);
  assert.equal(await statusOf('bills'), 'ROLLBACK_COMPLETE');
  const dry = await deploy({ ...optionsFor(account, 'bills', { numhosts: 1 }), dryRun: true }, deployer(aws)).catch(
    (one) => one,
  );
  assert.equal(dry.code, 'STACK_UNUSABLE');
  assert.equal((await failing('bills')).code, 'DECLINED');
  assert.equal((await failing('bills', {}, deployer(aws, ['no']))).code, 'DECLINED');
  assert.equal(await statusOf('bills'), 'ROLLBACK_COMPLETE');
  const context = deployer(aws, ['yes']);
  assert.equal((await run('bills', {}, context)).result.action, 'created');
  assert.match(
    context.terminal.text,
    /in ROLLBACK_COMPLETE: its creation failed, and such a stack can only be deleted/,
  );
  assert.equal(context.terminal.questions.length, 1);
});

test('Ctrl-C stops following, not the stack, and the next run follows to the end', async () => {
  nodes.mute = true;
  const interrupt = new AbortController();
  const context = deployer(aws, undefined, interrupt.signal);
  const running = failing('carts', {}, context);
  await waitFor('the group to be in the works', async () => /Group +CREATE_IN_PROGRESS/.test(context.terminal.text));
  interrupt.abort(new Error('Ctrl-C'));
  const error = await running;
  assert.equal(error.code, 'INTERRUPTED');
  assert.match(error.message, /CloudFormation goes on with the stack carts by itself/);
  assert.match(error.next, /same command again/);
  assert.equal(await statusOf('carts'), 'CREATE_IN_PROGRESS');
  const dry = await deploy({ ...optionsFor(account, 'carts', { numhosts: 1 }), dryRun: true }, deployer(aws)).catch(
    (one) => one,
  );
  assert.equal(dry.code, 'STACK_BUSY');
  nodes.mute = false;
  const { result, text } = await run('carts');
  assert.equal(result.action, 'unchanged');
  assert.match(text, /in CREATE_IN_PROGRESS already; following that first/);
  assert.match(text, /carts +CREATE_COMPLETE/);
});

test('Ctrl-C before the execution leaves nothing behind', async () => {
  const interrupt = new AbortController();
  const context = deployer(aws, undefined, interrupt.signal);
  const { line } = context.terminal;
  context.terminal.line = (text) => {
    line(text);
    if (text.startsWith('Creating')) interrupt.abort(new Error('Ctrl-C'));
  };
  await assert.rejects(deploy(optionsFor(account, 'never'), context));
  assert.equal(await statusOf('never'), undefined);
});

test('a deployment that ended before it created anything is no obstacle', async () => {
  const { template: options } = optionsFor(account, 'left');
  await aws.cloudFormation.send(
    new CreateChangeSetCommand({
      StackName: 'left',
      ChangeSetName: 'somebodys',
      ChangeSetType: 'CREATE',
      TemplateBody: templateText(template(options), 'json'),
      Capabilities: ['CAPABILITY_IAM'],
    }),
  );
  assert.equal(await statusOf('left'), 'REVIEW_IN_PROGRESS');
  assert.equal((await run('left')).result.action, 'created');
});

test('a stack of something else is refused', async () => {
  const TemplateBody = JSON.stringify({ Resources: { Mine: { Type: 'AWS::Logs::LogGroup' } } });
  await operator.cloudFormation.send(new CreateStackCommand({ StackName: 'foreign', TemplateBody }));
  await waitFor('the stack', async () => (await statusOf('foreign')) === 'CREATE_COMPLETE');
  const sinceMs = Date.now();
  const error = await failing('foreign');
  assert.equal(error.code, 'BAD_INPUT');
  assert.match(error.message, /not one of zookeeper-on-aws/);
  assert.ok(!stackCalls(sinceMs).includes('CreateChangeSet'));
});
