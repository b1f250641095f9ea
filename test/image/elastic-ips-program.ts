// SPDX-License-Identifier: Apache-2.0
/**
 * Run in a lab's network namespace by elastic-ips.test.ts: `'{"lab", "directory"}'`. Three nodes with Elastic IPs live
 * through the loss of one, and of a majority. Ends with the first thing that is not as it should be.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { AssociateAddressCommand, DescribeAddressesCommand, DisassociateAddressCommand } from '@aws-sdk/client-ec2';
import { agentCommand } from '../../lab/daemon/agent-program.ts';
import type { LabStatus, NodeView } from '../../lab/daemon/lab-status.ts';
import { startLab } from '../../lab/daemon/start-lab.ts';
import { StateDirectory } from '../../lab/daemon/state-directory.ts';
import { ZookeeperClient } from '../../src/client/index.ts';

const LIMIT_MS = 150_000;
const ADDRESSES = ['198.51.100.1', '198.51.100.2', '198.51.100.3'];

const plan = JSON.parse(process.argv[2] ?? '') as { readonly lab: string; readonly directory: string };
await using lab = await startLab({
  name: plan.lab,
  state: new StateDirectory(plan.directory),
  nodes: ADDRESSES.length,
  mode: 'elastic-ip',
  deployed: 'here',
  agentCommand: await agentCommand(),
});
const { ec2 } = lab.operator;

function healthy(): Promise<LabStatus> {
  return lab.untilHealthy(LIMIT_MS, AbortSignal.timeout(2 * LIMIT_MS));
}

const voters = ({ nodes }: LabStatus): readonly NodeView[] => nodes.filter(({ role }) => role !== undefined);

/** Id and address go together, whoever has them. */
function assertPlaces(status: LabStatus): void {
  const places = voters(status).map(({ id, publicAddress }) => `${id} ${publicAddress}`);
  assert.deepEqual(places.toSorted(), ['1 198.51.100.1', '2 198.51.100.2', '3 198.51.100.3']);
  const lines = status.config?.members.map(({ id, address, clientAddress }) => `${id} ${address} ${clientAddress}`);
  assert.deepEqual(
    lines,
    ADDRESSES.map((address, index) => `${index + 1} ${address} 0.0.0.0`),
  );
}

async function at<T>(host: string, use: (client: ZookeeperClient) => Promise<T>): Promise<T> {
  await using client = await ZookeeperClient.connect(
    { servers: [{ host, port: 2181 }], connectLimitMs: 60_000, requestTimeoutMs: 60_000 },
    { signal: AbortSignal.timeout(LIMIT_MS) },
  );
  return await use(client);
}

/** Every server has the data, at the address that never changes. */
async function assertData(path: string): Promise<void> {
  for (const host of ADDRESSES) {
    const { data } = await at(host, async (client) => {
      await client.sync(path);
      return client.get(path);
    });
    assert.equal(data.toString(), path);
  }
}

/** Terminates these, and waits for as many others in their places. */
async function replaced(ids: readonly number[]): Promise<LabStatus> {
  const before = voters(await healthy()).filter(({ id }) => id !== undefined && ids.includes(id));
  for (const { instance } of before) await lab.terminate(instance);
  const deadline = performance.now() + LIMIT_MS;
  for (;;) {
    const status = await healthy();
    const left = voters(status).filter(({ instance }) => before.some((each) => each.instance === instance));
    if (left.length === 0) return status;
    assert.ok(performance.now() < deadline, `${left.map(({ instance }) => instance)} did not go`);
    await sleep(200);
  }
}

async function holderOf(address: string): Promise<string | undefined> {
  const { Addresses = [] } = await ec2.send(new DescribeAddressesCommand({ PublicIps: [address] }));
  return Addresses[0]?.InstanceId || undefined;
}

// The first ids follow the private addresses.
const first = await healthy();
assertPlaces(first);
const inOrder = voters(first).toSorted((one, other) => Number(one.id) - Number(other.id));
assert.deepEqual(
  inOrder.map(({ address }) => Number(address?.split('.')[2])),
  inOrder.map(({ address }) => Number(address?.split('.')[2])).toSorted((one, other) => one - other),
);
const follower = inOrder.find(({ role }) => role === 'follower') ?? assert.fail('nobody follows');
await at(ADDRESSES[0] ?? '', (client) => client.create('/first', { data: Buffer.from('/first') }));
await assertData('/first');
await lab.deployed(AbortSignal.timeout(LIMIT_MS));

// A node is replaced: its id and its address come back, and the data with them.
const second = await replaced([Number(follower.id)]);
assertPlaces(second);
await assertData('/first');

// An address that somebody took away comes back by itself.
const robbed = voters(second)[0] ?? assert.fail('there are no nodes');
const { Addresses = [] } = await ec2.send(new DescribeAddressesCommand({ PublicIps: [robbed.publicAddress ?? ''] }));
await ec2.send(new DisassociateAddressCommand({ AssociationId: Addresses[0]?.AssociationId }));
const deadline = performance.now() + LIMIT_MS;
while ((await holderOf(robbed.publicAddress ?? '')) !== robbed.instance) {
  assert.ok(performance.now() < deadline, 'the address does not come back');
  await sleep(200);
}
await healthy();

// A majority is lost for good.
await at(ADDRESSES[0] ?? '', (client) => client.create('/second', { data: Buffer.from('/second') }));
await assertData('/second');
const third = await replaced([1, 2]);
assertPlaces(third);
await assertData('/second');

// Nobody takes an address from its holder.
const [one, other] = voters(third);
const { Addresses: held = [] } = await ec2.send(
  new DescribeAddressesCommand({ PublicIps: [one?.publicAddress ?? ''] }),
);
const AllocationId = held[0]?.AllocationId;
const steal = new AssociateAddressCommand({ AllocationId, InstanceId: other?.instance, AllowReassociation: false });
await assert.rejects(ec2.send(steal), { name: 'Resource.AlreadyAssociated' });
process.stdout.write(JSON.stringify({ records: (await lab.records()).map(({ kind }) => kind) }));
