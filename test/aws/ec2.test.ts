// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ec2Error, type FakeAnswer, fakeAws, instance, instancesPage, portsAt } from './support/fake-aws.ts';
import { LIMITED, MovedClock } from './support/moved-clock.ts';

const aws = await fakeAws();
after(() => aws[Symbol.asyncDispose]());
const { signal } = new AbortController();

function answers(...all: [FakeAnswer, ...FakeAnswer[]]): void {
  aws.answer((_, nth) => all[nth - 1] ?? all.at(-1) ?? all[0]);
}

test('describe asks by filter, through all pages; the terminated have no address', async () => {
  const { ec2 } = await portsAt(aws.url);
  answers(
    instancesPage([instance('i-1', 'running', '127.16.0.4')], 'more'),
    instancesPage([], 'yet more'),
    instancesPage([instance('i-2', 'terminated', '127.16.0.5'), instance('i-3', 'pending')]),
  );
  assert.deepEqual(await ec2.describe(['i-1', 'i-2', 'i-3', 'i-4'], signal), [
    { instance: 'i-1', state: 'running', address: '127.16.0.4' },
    { instance: 'i-2', state: 'terminated' },
    { instance: 'i-3', state: 'pending' },
  ]);
  const [first, , third] = aws.requests;
  assert.equal(first?.form.get('Filter.1.Name'), 'instance-id');
  assert.equal(first?.form.get('Filter.1.Value.4'), 'i-4');
  assert.equal(first?.form.get('InstanceId.1'), null);
  assert.equal(third?.form.get('NextToken'), 'yet more');
});

test('describe takes a hundred at a time, and asks nothing about nobody', async () => {
  const { ec2 } = await portsAt(aws.url);
  answers(instancesPage([]));
  assert.deepEqual(await ec2.describe([], signal), []);
  assert.equal(aws.requests.length, 0);
  await ec2.describe(
    Array.from({ length: 201 }, (_, n) => `i-${n}`),
    signal,
  );
  const sizes = aws.requests.map(
    ({ form }) => [...form.keys()].filter((key) => key.startsWith('Filter.1.Value')).length,
  );
  assert.deepEqual(sizes, [100, 100, 1]);
});

test('describeCluster asks by the tag of the cluster', async () => {
  const { ec2 } = await portsAt(aws.url);
  answers(instancesPage([]));
  assert.deepEqual(await ec2.describeCluster('orders-4f1c2a90', signal), []);
  assert.equal(aws.requests[0]?.form.get('Filter.1.Name'), 'tag:zookeeper_cluster');
  assert.equal(aws.requests[0]?.form.get('Filter.1.Value.1'), 'orders-4f1c2a90');
});

test('forgotten is only who EC2 does not know when asked for that one id', async () => {
  const { ec2 } = await portsAt(aws.url, LIMITED, { clock: new MovedClock() });
  answers(ec2Error('InvalidInstanceID.NotFound'));
  assert.equal(await ec2.isForgotten('i-1', signal), true);
  assert.equal(aws.requests[0]?.form.get('InstanceId.1'), 'i-1');
  answers(instancesPage([instance('i-1', 'terminated')]));
  assert.equal(await ec2.isForgotten('i-1', signal), false);
  answers(instancesPage([]));
  assert.equal(await ec2.isForgotten('i-1', signal), false);
  for (const answer of [ec2Error('InvalidInstanceID.Malformed'), { status: 404 }]) {
    answers(answer);
    await assert.rejects(ec2.isForgotten('i-1', signal), { code: 'AWS_REFUSED' });
  }
  answers(ec2Error('InternalError', 500));
  await assert.rejects(ec2.isForgotten('i-1', signal), { code: 'AWS_UNAVAILABLE' });
  answers(ec2Error('UnauthorizedOperation', 403));
  await assert.rejects(ec2.isForgotten('i-1', signal), { code: 'AWS_DENIED' });
});

test('what is no list of instances is not an empty one', async () => {
  const { ec2 } = await portsAt(aws.url, LIMITED, { clock: new MovedClock() });
  const bodies = [
    '',
    '<html><body>hello</body></html>',
    '<DescribeInstancesResponse/>',
    '<DescribeInstancesResponse><res',
  ];
  for (const body of bodies) {
    answers({ headers: { 'content-type': 'text/xml' }, body });
    await assert.rejects(ec2.describe(['i-1'], signal), { code: 'AWS_UNAVAILABLE' }, body);
  }
  for (const odd of [instance('i-1', 'exploded'), instance('', 'running'), '<instanceId>i-1</instanceId>']) {
    answers(instancesPage([odd]));
    await assert.rejects(ec2.describe(['i-1'], signal), { code: 'AWS_UNAVAILABLE', message: /has the state/ }, odd);
  }
  answers(instancesPage([instance('i-1', 'running')], 'the same again'));
  await assert.rejects(ec2.describe(['i-1'], signal), { code: 'AWS_UNAVAILABLE', message: /do not end/ });
});

test('a page that fails is tried again; if it goes on failing there is no list', async () => {
  const { ec2 } = await portsAt(aws.url, LIMITED, { clock: new MovedClock() });
  const last = instancesPage([instance('i-2', 'running')]);
  answers(instancesPage([instance('i-1', 'running')], 'more'), 'cut', ec2Error('Unavailable', 503), last);
  assert.equal((await ec2.describe(['i-1', 'i-2'], signal)).length, 2);
  answers(instancesPage([instance('i-1', 'running')], 'more'), 'cut');
  await assert.rejects(ec2.describe(['i-1', 'i-2'], signal), { code: 'AWS_UNAVAILABLE' });
});

test('tag writes the tags of one instance', async () => {
  const { ec2 } = await portsAt(aws.url);
  answers({ body: '<CreateTagsResponse><return>true</return></CreateTagsResponse>' });
  await ec2.tag('i-1', { zookeeper_id: '7', bootstrap_finished_time: 'now' }, signal);
  const form = Object.fromEntries(aws.requests[0]?.form ?? []);
  assert.equal(form['ResourceId.1'], 'i-1');
  assert.deepEqual(
    [form['Tag.1.Key'], form['Tag.1.Value'], form['Tag.2.Key'], form['Tag.2.Value']],
    ['zookeeper_id', '7', 'bootstrap_finished_time', 'now'],
  );
});
