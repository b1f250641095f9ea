// SPDX-License-Identifier: Apache-2.0
/** A stack with names: clients that ask the zone's DNS server find the members, before and after one is replaced. */
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { after, before, test } from 'node:test';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { ZookeeperClient } from '../../src/client/index.ts';
import { startLab, type TestLab, waitFor } from './support/lab.ts';

const LIMIT_MS = 300_000;

let lab: TestLab;
let domain: string;

before(async () => {
  lab = await startLab({ nodes: 3, deployed: true, zone: true });
  await lab.healthy();
  await lab.lab.deployed(AbortSignal.timeout(LIMIT_MS));
  domain = `${lab.cluster}.internal`;
});

after(() => lab[Symbol.asyncDispose]());

/** The addresses of a name, sorted; none where there is no such name. */
async function addressesOf(name: string): Promise<readonly string[]> {
  const resolver = new Resolver();
  resolver.setServers([lab.lab.aws.resolver]);
  return (await resolver.resolve4(name)).toSorted();
}

function namesOfPlaces(): readonly string[] {
  return [1, 2, 3].map((place) => `zk${place}.${domain}`);
}

async function membersByName(): Promise<readonly string[]> {
  return (await Promise.all(namesOfPlaces().map(addressesOf))).flat().toSorted();
}

async function membersByConfig(): Promise<readonly string[]> {
  const { address = '' } = await lab.leader();
  const { members } = await lab.configOf(address);
  return members.map((member) => member.address).toSorted();
}

test('each member has a name by the time that the stack is made, and one name leads to all', async () => {
  const members = await membersByConfig();
  assert.equal(members.length, 3);
  assert.deepEqual(await membersByName(), members);
  assert.deepEqual(await addressesOf(domain), members);
});

test('the outputs of the stack name the servers', async () => {
  const { Stacks = [] } = await lab.lab.operator.cloudFormation.send(
    new DescribeStacksCommand({ StackName: lab.lab.stack.id }),
  );
  const outputs = new Map(Stacks[0]?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const servers = namesOfPlaces().map((name) => `${name}:2181`);
  assert.equal(outputs.get('ConnectionString'), servers.join(','));
  assert.equal(outputs.get('ServersName'), domain);
});

test('zk-agent connection-string prints the same names', async () => {
  const [host] = lab.lab.hypervisor.hosts;
  const run = await host?.machine.runAgent(['connection-string'], { signal: AbortSignal.timeout(LIMIT_MS) });
  assert.equal(
    run?.stdout.trim(),
    namesOfPlaces()
      .map((name) => `${name}:2181`)
      .join(','),
  );
});

test('the name of a terminated member passes on to its successor', async () => {
  const before = await membersByConfig();
  const [gone] = await lab.followers(2);
  await lab.terminate(gone.instance);
  await lab.untilGone([gone.instance], LIMIT_MS);
  const successors = await waitFor(
    async () => {
      const members = await membersByConfig();
      return members.length === 3 && JSON.stringify(members) !== JSON.stringify(before) ? members : undefined;
    },
    { limitMs: LIMIT_MS, why: 'a successor is a member' },
  );
  await waitFor(
    async () => {
      const named = JSON.stringify([await membersByName(), await addressesOf(domain)]);
      return named === JSON.stringify([successors, successors]) ? true : undefined;
    },
    { limitMs: LIMIT_MS, why: `all names lead to ${successors.join(', ')}` },
  );
  const servers = (await membersByName()).map((address) => `${address}:2181`).join(',');
  const client = await ZookeeperClient.connect({ servers, sessionTimeoutMs: 6_000, connectLimitMs: LIMIT_MS });
  await client.close();
});
