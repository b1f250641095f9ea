// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  CreateNetworkInterfaceCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { AwsOptions } from '../../src/aws/ports.ts';
import type { SlotShelf } from '../../src/ports.ts';
import { LocalAws, waitFor } from '../cloud/local-aws.ts';
import { ec2Error, type FakeAnswer, fakeAws, portsAt } from './support/fake-aws.ts';
import { LIMITED, MovedClock } from './support/moved-clock.ts';

const CLUSTER = 'orders-4f1c2a90';
const fake = await fakeAws();
after(() => fake[Symbol.asyncDispose]());
const { signal } = new AbortController();

async function shelfAt(url: string, limits: Parameters<typeof portsAt>[1] = {}, options: AwsOptions = {}) {
  const { slots } = await portsAt(url, { ...limits, mode: 'elastic-ip' }, options);
  assert.ok(slots);
  return slots;
}

/** The same, with a clock that the waits between attempts move. */
function impatient(): Promise<SlotShelf> {
  return shelfAt(fake.url, LIMITED, { clock: new MovedClock() });
}

function answers(...all: [FakeAnswer, ...FakeAnswer[]]): void {
  fake.answer((_, nth) => all[nth - 1] ?? all.at(-1) ?? all[0]);
}

function addresses(...items: readonly string[]): FakeAnswer {
  const body = `<DescribeAddressesResponse><addressesSet>${items.map((item) => `<item>${item}</item>`).join('')}</addressesSet></DescribeAddressesResponse>`;
  return { headers: { 'content-type': 'text/xml' }, body };
}

function address(n: number, more = '', myid: string | null = String(n)): string {
  const tags = [['zookeeper_cluster', CLUSTER], ...(myid === null ? [] : [['myid', myid]])]
    .map(([key, value]) => `<item><key>${key}</key><value>${value}</value></item>`)
    .join('');
  return `<allocationId>eipalloc-${n}</allocationId><publicIp>198.51.100.${n}</publicIp><domain>vpc</domain><tagSet>${tags}</tagSet>${more}`;
}

const ATTACHED: FakeAnswer = {
  headers: { 'content-type': 'text/xml' },
  body: '<AssociateAddressResponse><return>true</return><associationId>eipassoc-1</associationId></AssociateAddressResponse>',
};
const SLOT = { id: 1, address: '198.51.100.1', allocation: 'eipalloc-1' };

test('the slots of a cluster are the addresses with its tag, each with the id of its tag and its holder', async () => {
  const slots = await shelfAt(fake.url);
  answers(
    addresses(
      address(1, '<instanceId>i-1</instanceId><networkInterfaceId>eni-1</networkInterfaceId>'),
      address(2, '<instanceId></instanceId>'),
      address(3, '<networkInterfaceId>eni-3</networkInterfaceId>'),
    ),
  );
  assert.deepEqual(await slots.list(CLUSTER, signal), [
    { ...SLOT, instance: 'i-1' },
    { id: 2, address: '198.51.100.2', allocation: 'eipalloc-2' },
    { id: 3, address: '198.51.100.3', allocation: 'eipalloc-3', instance: 'eni-3' },
  ]);
  const [{ form }] = fake.requests as [(typeof fake.requests)[number]];
  assert.equal(form.get('Action'), 'DescribeAddresses');
  assert.equal(form.get('Filter.1.Name'), 'tag:zookeeper_cluster');
  assert.equal(form.get('Filter.1.Value.1'), CLUSTER);
});

test('an address without a readable id is no slot, and the others are still slots', async () => {
  const slots = await shelfAt(fake.url);
  const odd = ['', '0', '256', '01', '1.5', '-1', 'one', '1 '].map((myid, at) => address(at + 10, '', myid));
  answers(addresses(address(9, '', null), ...odd, address(7)));
  assert.deepEqual(
    (await slots.list(CLUSTER, signal)).map(({ id }) => id),
    [7],
  );
});

test('what is no list of addresses is not an empty one', async () => {
  const slots = await impatient();
  for (const body of ['', '<html/>', '<DescribeAddressesResponse/>', '<DescribeAddressesResponse><addr']) {
    answers({ headers: { 'content-type': 'text/xml' }, body });
    await assert.rejects(slots.list(CLUSTER, signal), { code: 'AWS_UNAVAILABLE' }, body);
  }
  for (const part of ['<publicIp>198.51.100.1</publicIp>', '<allocationId>eipalloc-1</allocationId>', '']) {
    answers(addresses(part));
    await assert.rejects(slots.list(CLUSTER, signal), { code: 'AWS_UNAVAILABLE', message: /not described in full/ });
  }
  answers(addresses());
  assert.deepEqual(await slots.list(CLUSTER, signal), []);
});

test('a list that fails is tried again; if it goes on failing there is none', async () => {
  const slots = await impatient();
  answers('cut', ec2Error('RequestLimitExceeded', 503), addresses(address(1)));
  assert.deepEqual(await slots.list(CLUSTER, signal), [SLOT]);
  answers(ec2Error('InternalError', 500));
  await assert.rejects(slots.list(CLUSTER, signal), { code: 'AWS_UNAVAILABLE' });
  answers(ec2Error('UnauthorizedOperation', 403));
  await assert.rejects(slots.list(CLUSTER, signal), { code: 'AWS_DENIED', next: /DescribeAddresses/ });
});

test('an address is asked for, and never taken from another instance', async () => {
  const slots = await shelfAt(fake.url);
  answers(ATTACHED);
  assert.equal(await slots.attach(SLOT, 'i-1', signal), 'attached');
  const form = Object.fromEntries(fake.requests[0]?.form ?? []);
  assert.deepEqual(
    [form.Action, form.AllocationId, form.InstanceId, form.AllowReassociation],
    ['AssociateAddress', 'eipalloc-1', 'i-1', 'false'],
  );
  answers(ec2Error('Resource.AlreadyAssociated'));
  assert.equal(await slots.attach(SLOT, 'i-2', signal), 'taken');
});

test('an answer that is lost is asked for again; every other refusal is an error that names the address', async () => {
  const slots = await impatient();
  answers('cut', ATTACHED);
  assert.equal(await slots.attach(SLOT, 'i-1', signal), 'attached');
  answers('cut');
  await assert.rejects(slots.attach(SLOT, 'i-1', signal), { code: 'AWS_UNAVAILABLE' });
  for (const code of ['InvalidInstanceID', 'InvalidAllocationID.NotFound', 'AddressLimitExceeded']) {
    answers(ec2Error(code));
    const refused = { code: 'AWS_REFUSED', message: /198\.51\.100\.1 \(eipalloc-1\)/ };
    await assert.rejects(slots.attach(SLOT, 'i-1', signal), refused, code);
  }
  answers(ec2Error('UnauthorizedOperation', 403));
  await assert.rejects(slots.attach(SLOT, 'i-1', signal), { code: 'AWS_DENIED', next: /AssociateAddress/ });
});

test('in the dynamic mode there are no slots, and nothing asks for addresses', async () => {
  assert.equal((await portsAt(fake.url)).slots, undefined);
});

test('against the local AWS: of two that race one gets it, and it comes free after the end of its instance', async () => {
  await using aws = Object.assign(
    await LocalAws.start({ timings: { pendingMs: 50, shuttingDownMs: 50, detachMs: 50 } }),
    {
      [Symbol.asyncDispose]: () => aws.close(),
    },
  );
  const { ec2 } = aws.operator;
  const [subnet = ''] = await aws.subnets();
  const instances = await Promise.all([aws.run(subnet), aws.run(subnet)]);
  for (const id of instances) await waitFor(`${id} runs`, async () => (await aws.state(id)) === 'running');
  const allocate = async (cluster: string, myid: string) => {
    const Tags = [
      { Key: 'zookeeper_cluster', Value: cluster },
      { Key: 'myid', Value: myid },
    ];
    const made = await ec2.send(
      new AllocateAddressCommand({ Domain: 'vpc', TagSpecifications: [{ ResourceType: 'elastic-ip', Tags }] }),
    );
    return { id: Number(myid), address: made.PublicIp ?? '', allocation: made.AllocationId ?? '' };
  };
  const [one, two] = [await allocate(CLUSTER, '1'), await allocate(CLUSTER, '2')];
  await allocate('payments-00000001', '1');
  // The key that portsAt gives.
  aws.cloud.registerCaller('AKIAIOSFODNN7EXAMPLE', 'node');
  const slots = await shelfAt(aws.cloud.url, {
    region: aws.cloud.region,
    timings: { awsTimeoutMs: 60_000, metadataTimeoutMs: 2_000 },
  });
  const listed = async () => (await slots.list(CLUSTER, signal)).toSorted((a, b) => a.id - b.id);
  assert.deepEqual(await listed(), [one, two]);

  const outcomes = await Promise.all(instances.map((instance) => slots.attach(one, instance, signal)));
  assert.deepEqual(outcomes.toSorted(), ['attached', 'taken']);
  const holder = instances[outcomes.indexOf('attached')] ?? '';
  const other = instances[outcomes.indexOf('taken')] ?? '';
  assert.deepEqual(await listed(), [{ ...one, instance: holder }, two]);
  assert.equal(await slots.attach(one, holder, signal), 'attached', 'It may be repeated.');

  // An address that somebody gave to a card alone is not free.
  const card = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId: subnet }));
  const NetworkInterfaceId = card.NetworkInterface?.NetworkInterfaceId ?? '';
  await ec2.send(new AssociateAddressCommand({ AllocationId: two.allocation, NetworkInterfaceId }));
  assert.deepEqual((await listed())[1], { ...two, instance: NetworkInterfaceId });
  assert.equal(await slots.attach(two, other, signal), 'taken');

  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [holder] }));
  await waitFor('the address is free', async () => (await listed())[0]?.instance === undefined);
  assert.equal(await slots.attach(one, other, signal), 'attached');
});
