// SPDX-License-Identifier: Apache-2.0
/**
 * The template as it is, deployed by a person with exactly the deployer's policy: its role lets the agent's own
 * adapters do all that they can, and nothing of its policies could be taken away.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { AllocateAddressCommand } from '@aws-sdk/client-ec2';
import { GetRolePolicyCommand, type IAMClient } from '@aws-sdk/client-iam';
import { DeleteObjectCommand, GetBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { deployerPolicy } from '../../cf/deployer-policy.ts';
import { IDENTITY_MODES, type IdentityMode } from '../../cf/template-options.ts';
import { knownActions } from '../../cloud/iam/actions/tables.ts';
import { readPolicy } from '../../cloud/iam/policy.ts';
import { deploy } from '../../deploy/deploy.ts';
import { makePublic } from '../../lab/account.ts';
import { type AwsPorts, awsPorts } from '../../src/aws/ports.ts';
import type { SlotShelf } from '../../src/ports.ts';
import { PRODUCTION_TIMINGS } from '../../src/timings.ts';
import { clientsOf, deployer, makeAccount, optionsFor, type TestAccount } from '../deploy/support/account.ts';
import { playNodes } from '../deploy/support/nodes.ts';
import { unneededParts, unusedActions } from './least-privilege.ts';
import { LocalAws, refused } from './local-aws.ts';
import { iamClient } from './roles.ts';

const limit = AbortSignal.timeout(120_000);
let aws: LocalAws;
let iam: IAMClient;
let account: TestAccount;

before(async () => {
  aws = await LocalAws.start({
    // An event of a stack under review has a status that the API model lacks.
    checkAnswers: false,
    roleDelayMs: () => 0,
    withoutProfile: 'no-credentials',
    deployerPolicy: deployerPolicy(),
  });
  iam = iamClient(aws);
  account = await makeAccount(aws);
  await makePublic(aws.operator, { vpc: account.vpcId, subnets: account.subnets });
});
after(async () => {
  iam.destroy();
  await aws.close();
});

/** The agent's adapters, with the key of this instance. */
function portsOf(
  instance: string,
  outputs: Readonly<Record<string, string>>,
  stackId: string,
  mode: IdentityMode,
): Promise<AwsPorts> {
  const accessKeyId = `ASIA${instance.slice(2).toUpperCase()}`;
  aws.cloud.registerCaller(accessKeyId, instance);
  // The SDK reads it from the environment of the process alone.
  process.env.AWS_ENDPOINT_URL = aws.cloud.url;
  const { Cluster: cluster = '', BucketName: bucket = '', ClaimsLogGroupName: logGroup = '' } = outputs;
  return awsPorts(
    {
      ...{ cluster, bucket, logGroup, region: aws.cloud.region, mode, timings: PRODUCTION_TIMINGS },
      stack: { arn: stackId, signalResource: 'Group', launchHook: 'launch', terminateHook: 'terminate' },
    },
    {
      environment: {
        AWS_ENDPOINT_URL: aws.cloud.url,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: 'not-checked',
      },
      // A denial is an answer, and not tried again.
      bootedMsAgo: () => Number.POSITIVE_INFINITY,
    },
  );
}

/** All that the adapters can call. */
async function callEverything(ports: AwsPorts, instance: string, neighbour: string, group: string, cluster: string) {
  const { ec2, autoScaling, stackSignals, claimStreams, objects } = ports;
  await ec2.describe([instance], limit);
  await ec2.describeCluster(cluster, limit);
  await ec2.isForgotten(instance, limit);
  await ec2.tag(instance, { zookeeper_id: '1' }, limit);
  await ec2.tag(instance, { bootstrap_finished_time: 'now' }, limit);
  assert.equal(await autoScaling.groupOf(instance, limit), group);
  await autoScaling.describe(group, limit);
  await autoScaling.setMaintenance(group, true, limit);
  await autoScaling.setMaintenance(group, false, limit);
  assert.ok(Number(await autoScaling.hookLimitMs(group, 'launch', limit)) >= 3_000_000);
  assert.equal(await autoScaling.heartbeat(group, 'launch', instance, limit), 'over');
  await autoScaling.completeHook(group, 'launch', instance, 'CONTINUE', limit);
  assert.equal(await stackSignals.signal('SUCCESS', instance, limit), 'nobody-waits');
  await claimStreams.create('1.1', limit);
  await claimStreams.list(limit);
  for (const key of ['claims/1.1.json', `dead/${neighbour}`, 'lineage/000001.json', 'lineage/000001/started/1.json']) {
    await objects.createOnce(key, '{}', limit);
    assert.equal((await objects.get(key, limit))?.body, '{}');
  }
  assert.equal(await objects.get('claims/9.9.json', limit), undefined);
  for (const prefix of ['claims/', 'dead/', 'lineage/', 'reports/']) await objects.list(prefix, limit);
  await objects.replace('reports/a.json', '{}', undefined, limit);
  const report = await objects.get('reports/a.json', limit);
  assert.equal(await objects.replace('reports/a.json', '{"n":2}', report?.etag, limit), 'written');
}

/** A node gives an address of its cluster to nobody else, and takes none of another cluster. */
async function refuseAddresses(slots: SlotShelf, instance: string, neighbour: string, cluster: string): Promise<void> {
  const [, other] = await slots.list(cluster, limit);
  assert.ok(other);
  await assert.rejects(slots.attach(other, neighbour, limit), { code: 'AWS_DENIED' });
  const Tags = [
    { Key: 'zookeeper_cluster', Value: 'billing-0a1b2c3d' },
    { Key: 'myid', Value: '1' },
  ];
  const TagSpecifications = [{ ResourceType: 'elastic-ip' as const, Tags }];
  const { AllocationId: allocation = '', PublicIp: address = '' } = await aws.operator.ec2.send(
    new AllocateAddressCommand({ Domain: 'vpc', TagSpecifications }),
  );
  await assert.rejects(slots.attach({ id: 1, allocation, address }, instance, limit), { code: 'AWS_DENIED' });
}

/** All that the CloudWatch agent of an image that has it calls. */
async function sendLogs(logs: CloudWatchLogsClient, logGroupName: string, logStreamName: string): Promise<void> {
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  const logEvents = [{ timestamp: Date.now(), message: 'a line' }];
  await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
}

for (const mode of IDENTITY_MODES) {
  test(`${mode}: the agent may do all that it does, nothing else, and each part of its policies is needed`, async () => {
    await using _nodes = playNodes(clientsOf(aws, 'lab'));
    using person = clientsOf(aws, 'deployer');
    const { outputs, stackId = '' } = await deploy(optionsFor(account, `orders-${mode}`, { mode }), deployer(person));
    const { GroupName: group = '', Cluster: cluster = '', BucketName: Bucket = '' } = outputs;
    const { NodeLogGroupName: nodeLogs = '', ClaimsLogGroupName: claims = '' } = outputs;
    const [instance = '', neighbour = ''] = await aws.inService(group, 3);
    aws.cloud.accessRecord.clear();
    const ports = await portsOf(instance, outputs, stackId, mode);
    await callEverything(ports, instance, neighbour, group, cluster);
    const [slot] = (await ports.slots?.list(cluster, limit)) ?? [];
    if (slot) assert.equal(await ports.slots?.attach(slot, instance, limit), 'attached');
    assert.equal(slot === undefined, mode === 'dynamic');
    const node = aws.as(instance);
    await sendLogs(node.logs, nodeLogs, instance);
    const record = () =>
      aws.cloud.accessRecord.list().filter(({ principal }) => principal.arn.includes('assumed-role'));
    assert.deepEqual(
      record().filter(({ allowed }) => !allowed),
      [],
    );

    if (ports.slots) await refuseAddresses(ports.slots, instance, neighbour, cluster);
    await assert.rejects(ports.ec2.tag(neighbour, { zookeeper_id: '1' }, limit), /UnauthorizedOperation/);
    await assert.rejects(ports.ec2.tag(instance, { zookeeper_cluster: 'x' }, limit), /UnauthorizedOperation/);
    const deletion = new DeleteObjectCommand({ Bucket, Key: `${cluster}/claims/1.1.json` });
    await assert.rejects(node.s3.send(deletion), /explicit deny in a resource-based policy/);
    const foreign = await portsOf(instance, { ...outputs, Cluster: 'billing-0a1b2c3d' }, stackId, mode);
    await assert.rejects(foreign.objects.createOnce('claims/1.1.json', '{}', limit), /AccessDenied/);
    await assert.rejects(foreign.objects.list('claims/', limit), /AccessDenied/);
    // Without a zone there are no places.
    await assert.rejects(ports.objects.createOnce('places/1.1.json', '{}', limit), /AccessDenied/);
    await assert.rejects(sendLogs(node.logs, nodeLogs, 'anything'), /AccessDenied/);
    const claim = {
      logGroupName: claims,
      logStreamName: '1.1',
      logEvents: [{ timestamp: Date.now(), message: 'a line' }],
    };
    await assert.rejects(node.logs.send(new PutLogEventsCommand(claim)), /AccessDenied/);
    for (const key of ['claims/1.1.json', 'dead/i-1', 'lineage/000002.json', 'reports/a.json']) {
      const overwrite = node.s3.send(new PutObjectCommand({ Bucket, Key: `${cluster}/${key}`, Body: 'x' }));
      await refused(overwrite, 'AccessDenied', /explicit deny in a resource-based policy/);
    }

    const role = record()[0]?.principal.identityArn.split('/').at(-1) ?? '';
    const own = new GetRolePolicyCommand({ RoleName: role, PolicyName: 'zookeeper-node' });
    const identity = [readPolicy('node', 'identity', decodeURIComponent((await iam.send(own)).PolicyDocument ?? ''))];
    const { Policy } = await aws.operator.s3.send(new GetBucketPolicyCommand({ Bucket }));
    const inForce = { identity, bucket: readPolicy('bucket', 'resource', Policy) };
    const unneeded = unneededParts(record(), inForce).map(({ statement, text }) => `${statement} ${text}`);
    // Nobody calls without TLS here; and what the second denies, this role is not allowed in the first place.
    const inReserve = /^bucket\/(OnlyOverTls|NodesOnlyReadAndWrite) /;
    assert.deepEqual(
      unneeded.filter((part) => !inReserve.test(part)),
      [],
    );
    assert.deepEqual(unusedActions(record(), inForce, knownActions().keys()), []);
  });
}
