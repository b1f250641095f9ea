// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cut, LabNetwork } from '../../lab/container/network.ts';
import type { LabStatus, NodeRole, NodeView } from '../../lab/daemon/lab-status.ts';
import { mustHaveNetwork, partition } from '../../lab/daemon/partition.ts';
import { TargetError } from '../../lab/daemon/targets.ts';

function node(id: number, role: NodeRole, further: Partial<NodeView> = {}): NodeView {
  const instance = `i-0000000000000000${id}`;
  return { instance, state: 'running', address: `10.77.16.${id}`, machine: 'running', id, role, ...further };
}

const STATUS: LabStatus = {
  name: 'lab',
  cluster: 'lab-00000000',
  group: { name: 'group', desired: 3, maximum: 9, suspended: [], maintenance: false },
  nodes: [
    node(1, 'follower'),
    node(2, 'leader'),
    node(3, 'follower'),
    { instance: 'i-00000000000000009', state: 'terminated' },
  ],
  healthy: true,
};

/** Only remembers: the real one needs root and is tested with real packets (test/image). */
function network(): LabNetwork {
  const cuts: Cut[] = [];
  return {
    namespace: 'zk-lab',
    ownAddress: '10.77.0.1',
    prefix: '10.77',
    cuts,
    attach: () => Promise.reject(new Error('nothing is attached here')),
    detach: async () => {},
    cut: async (from, to) => {
      cuts.push({ from, to });
    },
    heal: async () => {
      cuts.length = 0;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

const order = (from: string, to: string, further: { oneWay?: boolean; aws?: boolean } = {}) =>
  ({ from, to, oneWay: false, aws: false, ...further }) as const;

const shown = (cuts: readonly Cut[]): readonly string[] => cuts.map(({ from, to }) => `${from} > ${to}`).sort();

test('the leader from all: both directions with everybody else, and nobody is cut from itself', async () => {
  const cut = network();
  const named = await partition(cut, STATUS, order('leader', 'all'));
  assert.deepEqual(shown(cut.cuts), [
    '10.77.16.1 > 10.77.16.2',
    '10.77.16.2 > 10.77.16.1',
    '10.77.16.2 > 10.77.16.3',
    '10.77.16.3 > 10.77.16.2',
  ]);
  assert.deepEqual(
    named.filter(({ from }) => from === 'i-00000000000000002').map(({ to }) => to),
    ['i-00000000000000001', 'i-00000000000000003'],
  );
});

test('one way: only what the first sends is lost', async () => {
  const cut = network();
  await partition(cut, STATUS, order('2', '3', { oneWay: true }));
  assert.deepEqual(shown(cut.cuts), ['10.77.16.2 > 10.77.16.3']);
});

test('with AWS: its API and the metadata service too, under one name', async () => {
  const cut = network();
  const named = await partition(cut, STATUS, order('1', '3', { oneWay: true, aws: true }));
  assert.deepEqual(shown(cut.cuts), [
    '10.77.16.1 > 10.77.0.1',
    '10.77.16.1 > 10.77.16.3',
    '10.77.16.1 > 169.254.169.254',
  ]);
  assert.deepEqual(
    named.map(({ to }) => to),
    ['i-00000000000000003', 'aws'],
  );
});

test('several at once stay together: the minority from the rest', async () => {
  const cut = network();
  await partition(cut, STATUS, order('minority', 'all', { oneWay: true }));
  assert.equal(cut.cuts.length, 2);
  await assert.rejects(partition(cut, STATUS, order('all', 'all')), TargetError);
  await assert.rejects(partition(cut, STATUS, order('1', '1')), /nobody but who is cut off/);
});

test('who is not there, or not any more, is named; processes have no network', async () => {
  const cut = network();
  await assert.rejects(partition(cut, STATUS, order('7', 'all')), /No node is called "7"/);
  await assert.rejects(partition(cut, STATUS, order('i-00000000000000009', 'all')), /no machine any more/);
  assert.throws(() => mustHaveNetwork(undefined), /\.\/lab\.sh up --image/);
  assert.deepEqual(cut.cuts, []);
});
