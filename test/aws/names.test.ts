// SPDX-License-Identifier: Apache-2.0
/** Route 53 as the agent uses it, on the local AWS: its own records alone, and batches of exactly what was read. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CreateVpcCommand } from '@aws-sdk/client-ec2';
import { ChangeResourceRecordSetsCommand, CreateHostedZoneCommand } from '@aws-sdk/client-route-53';
import { realClock } from '../../src/aws/deadline.ts';
import { awsPorts } from '../../src/aws/ports.ts';
import { areSameRecords, wantedRecords } from '../../src/model/names.ts';
import type { Names } from '../../src/ports.ts';
import { LAB_TIMINGS } from '../../src/timings.ts';
import { LocalAws } from '../cloud/local-aws.ts';

const signal = AbortSignal.timeout(120_000);
const ZONE = { domain: 'orders-4f1c2a90.internal.', places: 3 };

/** A pause takes a tenth of its time. */
const IMPATIENT = { ...realClock, pause: (ms: number, until: AbortSignal) => realClock.pause(ms / 10, until) };

let aws: LocalAws;
let zoneId: string;
let names: Names;
before(async () => {
  aws = await LocalAws.start({ route53Timings: { insyncMs: 100 } });
  const { Vpc } = await aws.operator.ec2.send(new CreateVpcCommand({ CidrBlock: '127.70.0.0/16' }));
  const VPC = { VPCId: Vpc?.VpcId ?? '', VPCRegion: 'us-east-1' as const };
  const command = new CreateHostedZoneCommand({ Name: 'internal', CallerReference: 'names', VPC });
  zoneId = ((await aws.operator.route53.send(command)).HostedZone?.Id ?? '').replace('/hostedzone/', '');
  names = await namesOf(aws.cloud.newKey('operator').accessKeyId);
});
after(() => aws.close());

async function namesOf(accessKeyId: string): Promise<Names> {
  process.env.AWS_ENDPOINT_URL = aws.cloud.url;
  const settings = { cluster: 'orders-4f1c2a90', bucket: 'b', logGroup: 'l', region: aws.cloud.region };
  const environment = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: 'not-checked' };
  const ports = await awsPorts(
    { ...settings, timings: LAB_TIMINGS, names: { zoneId, ...ZONE } },
    { environment, bootedMsAgo: () => 3_600_000, clock: IMPATIENT },
  );
  assert.ok(ports.names);
  return ports.names;
}

const owner = (last: number) => ({ instance: `i-${last}`, address: `10.0.0.${last}` });
const records = (place: number, generation: number, last: number) =>
  wantedRecords(ZONE, { place, generation, owner: owner(last) }, owner(last).address);

test('what is written is read, and nothing of others is', async () => {
  const others = ['zk1.billing.internal', 'orders-4f1c2a90x.internal', 'a.zz.internal'];
  for (const Name of others) {
    const ResourceRecordSet = { Name, Type: 'A' as const, TTL: 60, ResourceRecords: [{ Value: '10.9.9.9' }] };
    const ChangeBatch = { Changes: [{ Action: 'CREATE' as const, ResourceRecordSet }] };
    await aws.operator.route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch }));
  }
  assert.deepEqual(await names.read(signal), []);
  assert.equal(await names.replace([], records(1, 1, 1), signal), 'insync');
  assert.equal(await names.replace([], records(2, 1, 2), signal), 'insync');
  assert.ok(areSameRecords(await names.read(signal), [...records(1, 1, 1), ...records(2, 1, 2)]));
});

test('a batch takes away exactly what was read, or nothing is done', async () => {
  assert.equal(await names.replace(records(1, 1, 9), records(1, 2, 3), signal), 'conflict');
  assert.equal(await names.replace([], records(1, 2, 3), signal), 'conflict');
  assert.equal(await names.replace(records(1, 1, 1), records(1, 2, 3), signal), 'insync');
  assert.equal(await names.replace(records(1, 1, 1), records(1, 1, 1), signal), 'conflict');
  assert.ok(areSameRecords(await names.read(signal), [...records(1, 2, 3), ...records(2, 1, 2)]));
});

test('the same records once more are a batch like any other', async () => {
  assert.equal(await names.replace(records(1, 2, 3), records(1, 2, 3), signal), 'insync');
});

test('a lost answer is no success: the next look shows what became of it', async () => {
  aws.cloud.faults.add({ kind: 'lose-answer', service: 'route53', action: 'ChangeResourceRecordSets', count: 1 });
  assert.equal(await names.replace([], records(3, 1, 4), signal), 'conflict');
  const there = await names.read(signal);
  assert.ok(
    areSameRecords(
      there.filter(({ identifier, name }) => identifier === '3.1' || name.startsWith('zk3')),
      records(3, 1, 4),
    ),
  );
});

test('an error is no empty list', async () => {
  aws.cloud.faults.add({ kind: 'outage', service: 'route53', action: 'ListResourceRecordSets', count: 50 });
  await assert.rejects(names.read(signal), { code: 'AWS_UNAVAILABLE' });
  aws.cloud.faults.clear();
});
