// SPDX-License-Identifier: Apache-2.0
/** Route 53: private zones, batches of changes, lists in pages, and the resolver that answers by them. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { CreateVpcCommand } from '@aws-sdk/client-ec2';
import {
  AssociateVPCWithHostedZoneCommand,
  type Change,
  ChangeResourceRecordSetsCommand,
  ChangeTagsForResourceCommand,
  CreateHostedZoneCommand,
  DeleteHostedZoneCommand,
  DisassociateVPCFromHostedZoneCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListHostedZonesByNameCommand,
  ListHostedZonesByVPCCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  ListTagsForResourceCommand,
  type ResourceRecordSet,
  type Route53Client,
} from '@aws-sdk/client-route-53';
import { botocoreModels } from '../../cloud/api-model/model.ts';
import { startDnsServer } from '../../cloud/dns/dns-server.ts';
import { startCloud } from '../../cloud/index.ts';
import { motoDirectory } from '../../cloud/moto/moto.ts';
import { MotoClient } from '../../cloud/moto-client.ts';
import { answerRoute53 } from '../../cloud/route53/answer.ts';
import { firstSets } from '../../cloud/route53/hosted-zone.ts';
import { Route53 } from '../../cloud/route53/route53.ts';
import { type Struct, structAt, structsAt } from '../../cloud/value.ts';
import { LocalAws, refused, waitFor } from './local-aws.ts';

let aws: LocalAws;
let route53: Route53Client;
let vpc: string;
before(async () => {
  aws = await LocalAws.start({ route53Timings: { insyncMs: 200 } });
  route53 = aws.operator.route53;
  vpc = await newVpc();
});
after(() => aws.close());

async function newVpc(): Promise<string> {
  const { Vpc } = await aws.operator.ec2.send(new CreateVpcCommand({ CidrBlock: '127.40.0.0/16' }));
  return Vpc?.VpcId ?? '';
}

async function newZone(Name: string, VPCId = vpc): Promise<string> {
  const CallerReference = aws.name('reference');
  const VPC = { VPCId, VPCRegion: 'us-east-1' as const };
  const { HostedZone } = await route53.send(new CreateHostedZoneCommand({ Name, CallerReference, VPC }));
  return HostedZone?.Id ?? '';
}

const a = (Name: string, ...addresses: readonly string[]): ResourceRecordSet => ({
  ...{ Name, Type: 'A', TTL: 10 },
  ResourceRecords: addresses.map((Value) => ({ Value })),
});
const multi = (Name: string, SetIdentifier: string, address: string): ResourceRecordSet => ({
  ...a(Name, address),
  ...{ SetIdentifier, MultiValueAnswer: true },
});
const make = (set: ResourceRecordSet): Change => ({ Action: 'CREATE', ResourceRecordSet: set });
const remove = (set: ResourceRecordSet): Change => ({ Action: 'DELETE', ResourceRecordSet: set });
const replace = (set: ResourceRecordSet): Change => ({ Action: 'UPSERT', ResourceRecordSet: set });

async function change(HostedZoneId: string, ...Changes: Change[]): Promise<string> {
  const command = new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch: { Changes } });
  return (await route53.send(command)).ChangeInfo?.Id ?? '';
}

const statusOf = async (Id: string) => (await route53.send(new GetChangeCommand({ Id }))).ChangeInfo?.Status;
const insync = (id: string) => waitFor(`${id} is INSYNC`, async () => (await statusOf(id)) === 'INSYNC');

/** The sets of a zone besides NS and SOA, each as one text. */
async function setsOf(HostedZoneId: string): Promise<readonly string[]> {
  const { ResourceRecordSets = [] } = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId }));
  return ResourceRecordSets.filter(({ Type }) => Type === 'A').map(
    ({ Name, SetIdentifier = '', ResourceRecords = [] }) =>
      [Name, SetIdentifier, ...ResourceRecords.map(({ Value }) => Value)].filter((word) => word !== '').join(' '),
  );
}

function resolver(): Resolver {
  const asking = new Resolver({ timeout: 5_000, tries: 4 });
  asking.setServers([aws.cloud.resolver]);
  return asking;
}

test('a private zone is made with its NS and SOA, is found in every list, and goes', async () => {
  const id = await newZone('Orders.Internal');
  assert.match(id, /^\/hostedzone\/Z[A-Z0-9]+$|^Z[A-Z0-9]+$/);
  const { HostedZone, VPCs } = await route53.send(new GetHostedZoneCommand({ Id: id }));
  assert.deepEqual(
    [HostedZone?.Name, HostedZone?.Config?.PrivateZone, HostedZone?.ResourceRecordSetCount, VPCs],
    ['orders.internal.', true, 2, [{ VPCId: vpc, VPCRegion: 'us-east-1' }]],
  );
  const { ResourceRecordSets } = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: id }));
  assert.deepEqual(
    ResourceRecordSets?.map(({ Name, Type }) => [Name, Type]),
    [
      ['orders.internal.', 'NS'],
      ['orders.internal.', 'SOA'],
    ],
  );
  const all = await route53.send(new ListHostedZonesCommand({}));
  assert.ok(all.HostedZones?.some(({ Name }) => Name === 'orders.internal.'));
  const byName = await route53.send(new ListHostedZonesByNameCommand({ DNSName: 'orders.internal', MaxItems: 1 }));
  assert.equal(byName.HostedZones?.[0]?.Name, 'orders.internal.');
  const ofVpc = await route53.send(new ListHostedZonesByVPCCommand({ VPCId: vpc, VPCRegion: 'us-east-1' }));
  assert.deepEqual(
    ofVpc.HostedZoneSummaries?.map(({ Name }) => Name),
    ['orders.internal.'],
  );
  const zone = (HostedZone?.Id ?? '').replace('/hostedzone/', '');
  const tags = { ResourceType: 'hostedzone', ResourceId: zone } as const;
  await route53.send(new ChangeTagsForResourceCommand({ ...tags, AddTags: [{ Key: 'team', Value: 'orders' }] }));
  const { ResourceTagSet } = await route53.send(new ListTagsForResourceCommand(tags));
  assert.deepEqual(ResourceTagSet?.Tags, [{ Key: 'team', Value: 'orders' }]);
  await route53.send(new DeleteHostedZoneCommand({ Id: id }));
  await refused(route53.send(new GetHostedZoneCommand({ Id: id })), 'NoSuchHostedZone');
});

test('a zone is of one name in a VPC, and of a VPC that exists', async () => {
  const id = await newZone('twice.internal');
  await refused(newZone('twice.internal.'), 'ConflictingDomainExists');
  await refused(newZone('other.internal', 'vpc-00000000'), 'InvalidVPCId');
  await refused(newZone('a..internal'), 'InvalidDomainName');
  const VPC = { VPCId: await newVpc(), VPCRegion: 'us-east-1' as const };
  await route53.send(new AssociateVPCWithHostedZoneCommand({ HostedZoneId: id, VPC }));
  assert.equal((await route53.send(new GetHostedZoneCommand({ Id: id }))).VPCs?.length, 2);
  await route53.send(new DisassociateVPCFromHostedZoneCommand({ HostedZoneId: id, VPC }));
  const missing = new DisassociateVPCFromHostedZoneCommand({ HostedZoneId: id, VPC });
  await refused(route53.send(missing), 'VPCAssociationNotFound');
  const last = new DisassociateVPCFromHostedZoneCommand({ HostedZoneId: id, VPC: { ...VPC, VPCId: vpc } });
  await refused(route53.send(last), 'LastVPCAssociation');
  await route53.send(new DeleteHostedZoneCommand({ Id: id }));
});

test('a batch is done as a whole or not at all, and every reason is told', async () => {
  const zone = await newZone('batch.internal');
  const first = a('zk1.batch.internal', '10.0.0.1');
  await change(zone, make(first));
  const twice = [make(a('zk2.batch.internal', '10.0.0.2')), make(first)];
  await refused(
    change(zone, ...twice),
    'InvalidChangeBatch',
    /\[Tried to create resource record set \[name='zk1\.batch\.internal\.', type='A'\] but it already exists\]/,
  );
  assert.deepEqual(await setsOf(zone), ['zk1.batch.internal. 10.0.0.1']);
  const stale = [remove(a('zk1.batch.internal', '10.0.0.9')), make(a('zk1.batch.internal', '10.0.0.3'))];
  await refused(
    change(zone, ...stale),
    'InvalidChangeBatch',
    /Tried to delete resource record set \[name='zk1\.batch\.internal\.', type='A'\] but the values provided do not match the current values.*but it already exists/s,
  );
  const gone = remove(multi('batch.internal', 'zk7', '10.0.0.1'));
  await refused(change(zone, gone), 'InvalidChangeBatch', /set-identifier='zk7'\] but it was not found/);
  assert.deepEqual(await setsOf(zone), ['zk1.batch.internal. 10.0.0.1']);
  await change(zone, remove(first), make(a('zk1.batch.internal', '10.0.0.3')));
  assert.deepEqual(await setsOf(zone), ['zk1.batch.internal. 10.0.0.3']);
  await refused(
    change(zone, remove({ ...a('zk1.batch.internal', '10.0.0.3'), TTL: 60 })),
    'InvalidChangeBatch',
    /match/,
  );
});

test('of many who replace the same value, one does', async () => {
  const zone = await newZone('race.internal');
  const name = 'zk1.race.internal';
  await change(zone, make(a(name, '10.0.0.1')));
  const addresses = Array.from({ length: 12 }, (_, at) => `10.0.1.${at}`);
  const outcomes = await Promise.allSettled(
    addresses.map((address) => change(zone, remove(a(name, '10.0.0.1')), make(a(name, address)))),
  );
  const winners = addresses.filter((_, at) => outcomes[at]?.status === 'fulfilled');
  assert.equal(winners.length, 1);
  assert.deepEqual(await setsOf(zone), [`${name}. ${winners[0]}`]);
});

test('what no record set can be is refused', async () => {
  const zone = await newZone('wrong.internal');
  const wrong: readonly (readonly [ResourceRecordSet, RegExp])[] = [
    [a('zk1.other.internal', '10.0.0.1'), /is not permitted in zone wrong\.internal\./],
    [a('zk1.wrong.internal', '10.0.0'), /not a valid IPv4 address/],
    [{ ...a('zk1.wrong.internal', '10.0.0.1'), MultiValueAnswer: true }, /Missing field 'SetIdentifier'/],
    [{ ...a('zk1.wrong.internal', '10.0.0.1'), SetIdentifier: 'x' }, /without a routing policy/],
    [{ Name: 'zk1.wrong.internal', Type: 'A', TTL: 10 }, /Missing field 'ResourceRecords'/],
    [{ ...a('zk1.wrong.internal', '10.0.0.1'), Weight: 1, SetIdentifier: 'x' }, /does not imitate Weight/],
    [{ ...a('wrong.internal', 'mail'), Type: 'MX' }, /does not imitate record sets of type MX/],
    [a('*.wrong.internal', '10.0.0.1'), /wildcard/],
  ];
  for (const [set, reason] of wrong) await refused(change(zone, make(set)), 'InvalidChangeBatch', reason);
  await change(zone, make(multi('all.wrong.internal', 'zk1', '10.0.0.1')));
  await refused(
    change(zone, make(a('all.wrong.internal', '10.0.0.2'))),
    'InvalidChangeBatch',
    /multivalue answer rrset/,
  );
  await refused(change('Z0000000000', make(a('x.wrong.internal', '10.0.0.1'))), 'NoSuchHostedZone');
  await refused(statusOf('C0000000000'), 'NoSuchChange');
});

test('record sets are listed by their labels from the last one on, in pages', async () => {
  const zone = await newZone('pages.internal');
  const names = ['zk2.pages.internal', 'a.zk1.pages.internal', 'zk10.pages.internal', 'zk1.pages.internal'];
  await change(
    zone,
    ...names.map((name, at) => make(a(name, `10.0.0.${at}`))),
    ...['zk2', 'zk1'].map((id, at) => make(multi('all.pages.internal', id, `10.0.1.${at}`))),
  );
  const seen: string[] = [];
  let page: { StartRecordName?: string; StartRecordType?: 'A'; StartRecordIdentifier?: string } = {};
  let pages = 0;
  for (let more = true; more && pages < 10; pages += 1) {
    const command = new ListResourceRecordSetsCommand({ HostedZoneId: zone, MaxItems: 3, ...page });
    const answer = await route53.send(command);
    seen.push(...(answer.ResourceRecordSets ?? []).map(({ Name, SetIdentifier = '' }) => `${Name}${SetIdentifier}`));
    more = answer.IsTruncated === true;
    page = {
      StartRecordName: answer.NextRecordName ?? '',
      StartRecordType: 'A',
      ...(answer.NextRecordIdentifier === undefined ? {} : { StartRecordIdentifier: answer.NextRecordIdentifier }),
    };
  }
  assert.deepEqual(seen, [
    ...['pages.internal.', 'pages.internal.', 'all.pages.internal.zk1', 'all.pages.internal.zk2'],
    ...['zk1.pages.internal.', 'a.zk1.pages.internal.', 'zk10.pages.internal.', 'zk2.pages.internal.'],
  ]);
  assert.equal(pages, 3);
  // A list from a name that is not there begins with what follows it.
  const after = new ListResourceRecordSetsCommand({
    HostedZoneId: zone,
    StartRecordName: 'zk11.pages.internal',
    MaxItems: 1,
  });
  assert.equal((await route53.send(after)).ResourceRecordSets?.[0]?.Name, 'zk2.pages.internal.');
});

test('a zone with records of others in it is not deleted', async () => {
  const zone = await newZone('full.internal');
  const set = a('zk1.full.internal', '10.0.0.1');
  await change(zone, make(set));
  await refused(route53.send(new DeleteHostedZoneCommand({ Id: zone })), 'HostedZoneNotEmpty');
  await change(zone, remove(set));
  await route53.send(new DeleteHostedZoneCommand({ Id: zone }));
});

test('the resolver answers by what is INSYNC, with the TTL of the records', async () => {
  const zone = await newZone('names.internal');
  const dns = resolver();
  const made = await change(
    zone,
    make(a('zk1.names.internal', '10.0.0.1')),
    ...['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address, at) => make(multi('all.names.internal', `zk${at}`, address))),
  );
  await insync(made);
  assert.deepEqual(await dns.resolve4('zk1.names.internal', { ttl: true }), [{ address: '10.0.0.1', ttl: 10 }]);
  assert.deepEqual(await dns.resolve4('ZK1.Names.Internal'), ['10.0.0.1']);
  assert.deepEqual([...(await dns.resolve4('all.names.internal'))].sort(), ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  const moved = await change(
    zone,
    remove(a('zk1.names.internal', '10.0.0.1')),
    make(a('zk1.names.internal', '10.0.0.4')),
  );
  await insync(moved);
  assert.deepEqual(await dns.resolve4('zk1.names.internal'), ['10.0.0.4']);
  await insync(await change(zone, replace(a('zk1.names.internal', '10.0.0.5', '10.0.0.6'))));
  assert.deepEqual([...(await dns.resolve4('zk1.names.internal'))].sort(), ['10.0.0.5', '10.0.0.6']);
});

test('a change that is PENDING is listed, and not answered yet', async () => {
  const slow = new Route53({ insyncMs: 3_600_000 }, new MotoClient('http://127.0.0.1:9', 'us-east-1'), models('ec2'));
  const sets = firstSets('late.internal.');
  const zone = { id: 'Z1', name: 'late.internal.', callerReference: 'late', comment: undefined };
  slow.zones.set('Z1', { ...zone, vpcs: new Map(), tags: new Map(), sets, served: sets });
  await using server = await startDnsServer('127.0.0.1', () => slow.zones.values());
  try {
    const Changes = [{ Action: 'CREATE', ResourceRecordSet: struct(a('zk1.late.internal', '10.0.0.1')) }];
    const call = (action: string, input: Struct) =>
      answerRoute53(slow, action, { HostedZoneId: 'Z1', ...input }, '123456789012');
    const taken = structAt(await call('ChangeResourceRecordSets', { ChangeBatch: { Changes } }), 'ChangeInfo');
    assert.equal(taken?.Status, 'PENDING');
    const listed = await call('ListResourceRecordSets', { StartRecordName: 'zk1.late.internal' });
    assert.equal(structsAt(listed, 'ResourceRecordSets').length, 1);
    const asking = new Resolver({ timeout: 5_000, tries: 4 });
    asking.setServers([server.address]);
    await assert.rejects(asking.resolve4('zk1.late.internal'), { code: 'ENOTFOUND' });
  } finally {
    slow.close();
  }
});

const models = botocoreModels(motoDirectory());

function struct(set: ResourceRecordSet): Struct {
  return JSON.parse(JSON.stringify(set)) as Struct;
}

test('at most eight of many values are answered', async () => {
  const zone = await newZone('many.internal');
  const addresses = Array.from({ length: 12 }, (_, at) => `10.0.2.${at}`);
  await insync(
    await change(zone, ...addresses.map((address, at) => make(multi('all.many.internal', `zk${at}`, address)))),
  );
  const found = await resolver().resolve4('all.many.internal');
  assert.equal(new Set(found).size, 8);
  assert.ok(found.every((address) => addresses.includes(address)));
});

test('what is not there: NXDOMAIN or no data, with the SOA; other zones are refused', async () => {
  const zone = await newZone('absent.internal');
  await insync(await change(zone, make(a('zk1.orders.absent.internal', '10.0.0.1'))));
  const dns = resolver();
  await assert.rejects(dns.resolve4('zk2.orders.absent.internal'), { code: 'ENOTFOUND' });
  await assert.rejects(dns.resolve4('orders.absent.internal'), { code: 'ENODATA' });
  await assert.rejects(dns.resolve6('zk1.orders.absent.internal'), { code: 'ENODATA' });
  await assert.rejects(dns.resolve4('example.org'), { code: 'EREFUSED' });
  const soa = await dns.resolveSoa('absent.internal');
  assert.deepEqual([soa.nsname, soa.refresh, soa.minttl], ['ns-1536.awsdns-00.co.uk', 7_200, 86_400]);
  assert.equal((await dns.resolveNs('absent.internal')).length, 4);
  // A client believes for as long as the SOA in the authority section says that a name is not there.
  const reply = await asked(query('zk2.orders.absent.internal'));
  assert.deepEqual([reply.readUInt16BE(2) & 15, reply.readUInt16BE(6), reply.readUInt16BE(8)], [3, 0, 1]);
});

test('messages that are no questions do not end the resolver', async () => {
  const wrong = query('zk1.absent.internal');
  // A label that is longer than the message.
  wrong[12] = 63;
  assert.equal((await asked(wrong)).readUInt16BE(2) & 15, 1);
  const status = query('zk1.absent.internal');
  status.writeUInt16BE(0x1000, 2);
  assert.equal((await asked(status)).readUInt16BE(2) & 15, 4);
  const socket = createSocket('udp4');
  const [address = '', port = ''] = aws.cloud.resolver.split(':');
  await new Promise((resolve) => socket.send(Buffer.from([1, 2, 3]), Number(port), address, resolve));
  socket.close();
  await assert.rejects(resolver().resolve4('nothing.test'), { code: 'EREFUSED' });
});

/** A question for A records, as bytes. */
function query(name: string): Buffer {
  const header = Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}

/** Sends a message and waits for the answer to it; a lost datagram is sent again. */
async function asked(message: Buffer): Promise<Buffer> {
  const [address = '', port = ''] = aws.cloud.resolver.split(':');
  const socket = createSocket('udp4');
  const again = setInterval(() => socket.send(message, Number(port), address), 2_000);
  try {
    const answer = once(socket, 'message', { signal: AbortSignal.timeout(60_000) });
    socket.send(message, Number(port), address);
    const [bytes] = (await answer) as [Buffer];
    assert.equal(bytes.readUInt16BE(0), 0x1234);
    return bytes;
  } finally {
    clearInterval(again);
    socket.close();
  }
}

test('faults strike Route 53 as the other services', async () => {
  const zone = await newZone('faults.internal');
  const set = a('zk1.faults.internal', '10.0.0.1');
  aws.cloud.faults.add({ kind: 'throttle', service: 'route53', count: 1 });
  await refused(change(zone, make(set)), 'Throttling');
  aws.cloud.faults.add({ kind: 'lose-answer', service: 'route53', action: 'ChangeResourceRecordSets', count: 1 });
  await assert.rejects(change(zone, make(set)));
  assert.deepEqual(await setsOf(zone), ['zk1.faults.internal. 10.0.0.1']);
  aws.cloud.faults.add({ kind: 'empty', service: 'route53', action: 'ListResourceRecordSets', count: 1 });
  assert.deepEqual(await setsOf(zone), []);
  aws.cloud.faults.add({ kind: 'empty', service: 'route53', action: 'ListHostedZones', count: 1 });
  assert.deepEqual((await route53.send(new ListHostedZonesCommand({}))).HostedZones, []);
});

test('a cloud that can not listen leaves no resolver behind', async () => {
  const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'UDPWrap').length;
  const before = sockets();
  const { hostname, port } = new URL(aws.cloud.url);
  await assert.rejects(startCloud({ address: hostname, port: Number(port) }), { code: 'EADDRINUSE' });
  await waitFor('no socket more than before is open', async () => sockets() === before);
});
