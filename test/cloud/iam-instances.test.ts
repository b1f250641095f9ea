// SPDX-License-Identifier: Apache-2.0
/** Whose credentials an instance has: those of the role in its profile, as its metadata service gives them. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { AssociateIamInstanceProfileCommand, DescribeInstancesCommand, RunInstancesCommand } from '@aws-sdk/client-ec2';
import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  type IAMClient,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { type MetadataEndpoint, startMetadataService } from '../../lab/metadata/metadata-service.ts';
import { awsPorts } from '../../src/aws/ports.ts';
import { PRODUCTION_TIMINGS } from '../../src/timings.ts';
import { LocalAws, refused, waitFor } from './local-aws.ts';
import { ACCOUNT, iamClient, makeRole, policyText, putPolicy, type StatementJson, TRUSTS_EC2 } from './roles.ts';

const DESCRIBE: StatementJson = { Effect: 'Allow', Action: 'ec2:DescribeInstances', Resource: '*' };
/** Longer than any test. */
const LONG_MS = 3_600_000;

/** A new role is known everywhere once a test says so. */
let roleDelayMs = LONG_MS;

let aws: LocalAws;
let iam: IAMClient;
let subnet: string;
const services: MetadataEndpoint[] = [];

before(async () => {
  aws = await LocalAws.start({ roleDelayMs: () => roleDelayMs, withoutProfile: 'no-credentials' });
  iam = iamClient(aws);
  [subnet = ''] = await aws.subnets();
});
after(async () => {
  await Promise.all(services.map((service) => service.close()));
  iam.destroy();
  await aws.close();
});

async function run(profile?: string): Promise<string> {
  const { Instances = [] } = await aws.operator.ec2.send(
    new RunInstancesCommand({
      ...{ ImageId: await aws.image(), InstanceType: 't3.small', MinCount: 1, MaxCount: 1, SubnetId: subnet },
      ...(profile === undefined ? {} : { IamInstanceProfile: { Name: profile } }),
    }),
  );
  return Instances[0]?.InstanceId ?? '';
}

/** The seconds of a new role pass, for this instance and all others; for the next test roles are young again. */
async function waitUntilKnown(instance: string): Promise<void> {
  roleDelayMs = 0;
  await waitFor('the role to be known everywhere', () => succeeds(describe(instance)));
}
beforeEach(() => {
  roleDelayMs = LONG_MS;
});

const succeeds = (call: Promise<unknown>) =>
  call.then(
    () => true,
    () => false,
  );
const describe = (instance: string) => aws.as(instance).ec2.send(new DescribeInstancesCommand({}));

/** What the instance's metadata service has to say under security-credentials/. */
async function credentials(instance: string): Promise<(role?: string) => Promise<string | undefined>> {
  const service = await startMetadataService({
    listenAddress: '127.0.0.1',
    facts: {
      ...{ instance, address: '127.30.0.4', region: 'us-east-1', zone: 'us-east-1a', imageId: 'ami-1' },
      ...{ instanceType: 't3.small', accountId: ACCOUNT, role: 'unused', userData: '' },
    },
    credentials: { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret', token: 'session' },
    attachedRole: async () => {
      const identity = await aws.cloud.rightsOf(instance);
      if (identity.kind === 'role') return { name: identity.role.name, assumable: true };
      return identity.kind === 'not-assumable' ? { name: identity.role, assumable: false } : undefined;
    },
    targetLifecycleState: async () => undefined,
  });
  services.push(service);
  const token = await fetch(`${service.url}/latest/api/token`, {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
  });
  const headers = { 'x-aws-ec2-metadata-token': await token.text() };
  return async (role = '') => {
    const answer = await fetch(`${service.url}/latest/meta-data/iam/security-credentials/${role}`, { headers });
    return answer.status === 404 ? undefined : answer.text();
  };
}

test('in its first seconds a role is denied everything', async () => {
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'young' }));
  const instance = await run('young');
  const AssumeRolePolicyDocument = JSON.stringify(TRUSTS_EC2);
  await iam.send(new CreateRoleCommand({ RoleName: 'young', AssumeRolePolicyDocument }));
  await putPolicy(iam, 'young', DESCRIBE);
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'young', RoleName: 'young' }));
  await refused(describe(instance), 'UnauthorizedOperation', /no identity-based policy allows/);
  await waitUntilKnown(instance);
});

test('the agent of an instance that has just booted tries again until its role is known; later a denial is one', async () => {
  const agentOf = (instance: string, bootedMsAgo: number) => {
    const accessKeyId = `ASIA${instance.slice(2).toUpperCase()}`;
    aws.cloud.registerCaller(accessKeyId, instance);
    process.env.AWS_ENDPOINT_URL = aws.cloud.url;
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: 'not-checked' };
    const names = { cluster: 'orders-0a1b2c3d', bucket: 'records', logGroup: '/zookeeper/orders-0a1b2c3d' };
    return awsPorts(
      { ...names, region: aws.cloud.region, timings: PRODUCTION_TIMINGS },
      { environment: { AWS_ENDPOINT_URL: aws.cloud.url, ...keys }, bootedMsAgo: () => bootedMsAgo },
    );
  };
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'booting' }));
  const instance = await run('booting');
  const [booted, settled] = [await agentOf(instance, 1_000), await agentOf(instance, 600_000)];
  await iam.send(new CreateRoleCommand({ RoleName: 'booting', AssumeRolePolicyDocument: JSON.stringify(TRUSTS_EC2) }));
  await putPolicy(iam, 'booting', DESCRIBE);
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'booting', RoleName: 'booting' }));
  const limit = AbortSignal.timeout(60_000);
  await assert.rejects(settled.ec2.describe([instance], limit), { code: 'AWS_DENIED' });
  const refusals = () => aws.cloud.calls.list({ caller: instance, outcome: 'UnauthorizedOperation' }).length;
  const before = refusals();
  const described = booted.ec2.describe([instance], limit);
  await waitFor('it tries again', async () => refusals() >= before + 2);
  roleDelayMs = 0;
  assert.deepEqual(
    (await described).map((one) => one.instance),
    [instance],
  );
});

test('the credentials are those of the role in the profile', async () => {
  await makeRole(iam, { name: 'node' }, DESCRIBE);
  const ask = await credentials(await run('node'));
  assert.equal(await ask(), 'node');
  assert.equal(JSON.parse((await ask('node')) ?? '{}').Code, 'Success');
  assert.equal(await ask('other'), undefined);
});

test('an instance without a profile has no credentials, and its key no rights', async () => {
  const instance = await run();
  const ask = await credentials(instance);
  assert.equal(await ask(), undefined);
  await refused(describe(instance), 'UnauthorizedOperation', /no instance profile/);
});

test('a role that does not trust EC2 can not be assumed', async () => {
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  };
  await makeRole(iam, { name: 'strange', trust }, DESCRIBE);
  const instance = await run('strange');
  const ask = await credentials(instance);
  assert.equal(await ask(), 'strange');
  assert.equal(JSON.parse((await ask('strange')) ?? '{}').Code, 'AssumeRoleUnauthorizedAccess');
  await refused(describe(instance), 'UnauthorizedOperation');
});

test('a role that leaves the profile takes the credentials along', async () => {
  await makeRole(iam, { name: 'passing' }, DESCRIBE);
  const instance = await run('passing');
  await waitUntilKnown(instance);
  await iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: 'passing', RoleName: 'passing' }));
  await refused(describe(instance), 'UnauthorizedOperation');
});

test('managed policies count like inline ones', async () => {
  await makeRole(iam, { name: 'managed' }, { ...DESCRIBE, Action: 'ec2:DescribeTags' });
  const { Policy } = await iam.send(
    new CreatePolicyCommand({ PolicyName: 'see', PolicyDocument: policyText(DESCRIBE) }),
  );
  await iam.send(new AttachRolePolicyCommand({ RoleName: 'managed', PolicyArn: Policy?.Arn ?? '' }));
  const instance = await run('managed');
  await waitUntilKnown(instance);
  const [seen] = aws.cloud.accessRecord
    .list()
    .filter(({ allowed }) => allowed)
    .slice(-1);
  assert.deepEqual(seen?.statements, ['see/1']);
});

test('a profile that is given later counts from then on', async () => {
  await makeRole(iam, { name: 'later' }, DESCRIBE);
  const instance = await run();
  await aws.operator.ec2.send(
    new AssociateIamInstanceProfileCommand({ InstanceId: instance, IamInstanceProfile: { Name: 'later' } }),
  );
  await waitUntilKnown(instance);
});
