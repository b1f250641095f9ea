// SPDX-License-Identifier: Apache-2.0
/** Whoever has the documented policy, narrowed to one stack, creates, updates and deletes that stack, and no other. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deployerPolicy } from '../../cf/deployer-policy.ts';
import { deleteStack } from '../../deploy/delete.ts';
import { deploy } from '../../deploy/deploy.ts';
import type { DeployError } from '../../deploy/errors.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import { LocalAws } from '../cloud/local-aws.ts';
import {
  clientsOf,
  deployer,
  giveWayOut,
  makeAccount,
  makeImage,
  optionsFor,
  type TestAccount,
} from '../deploy/support/account.ts';
import { type Nodes, playNodes } from '../deploy/support/nodes.ts';

let local: LocalAws;
let account: TestAccount;
let aws: AwsClients;
let nodes: Nodes;

before(async () => {
  const policy = deployerPolicy({ stackName: 'orders', account: '123456789012' });
  local = await LocalAws.start({ deployerPolicy: policy });
  account = await makeAccount(local);
  await giveWayOut(local, account);
  aws = clientsOf(local, 'deployer');
  nodes = playNodes(clientsOf(local, 'lab'));
});

after(async () => {
  await nodes[Symbol.asyncDispose]();
  aws[Symbol.dispose]();
  await local.close();
});

test('creates, replaces the nodes under other rules, deletes with the data', async () => {
  const { keyName, subnets } = account;
  const first = { keyname: keyName, sshsource: '127.40.0.0/16', clientsource: ['127.40.0.0/24'], numhosts: '1' };
  const created = await deploy(optionsFor(account, 'orders', first), deployer(aws));
  assert.equal(created.action, 'created');
  assert.equal(subnets.length, 3);

  const second = {
    ami: await makeImage(local),
    clientsource: ['127.40.1.0/24'],
    tag: ['team=payments', 'acme/cost center=7'],
    numhosts: '1',
  };
  const updated = await deploy(optionsFor(account, 'orders', second), deployer(aws));
  assert.equal(updated.action, 'updated');
  assert.equal(updated.outputs.Cluster, created.outputs.Cluster);

  const orders = { stackName: 'orders', yes: true, withData: true, dryRun: false };
  const deleted = await deleteStack(deployer(aws), orders);
  assert.equal(deleted.action, 'deleted');
  assert.deepEqual(deleted.removed.map(({ kind }) => kind).toSorted(), ['bucket', 'log group']);
});

test('another stack is denied', async () => {
  const error = await deploy(optionsFor(account, 'payments', { numhosts: '1' }), deployer(aws)).then(
    () => assert.fail('the deployment has to be denied'),
    (one: DeployError) => one,
  );
  assert.equal(error.code, 'AWS_DENIED');
});
