// SPDX-License-Identifier: Apache-2.0
/** Real agents and servers with Elastic IPs. No machine has such an address itself: the network leads packets there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkRequirements } from '../../lab/container/requirements.ts';
import { runInLabNetwork } from './in-lab-network.ts';

const requirements = await networkRequirements((line) => process.stderr.write(`${line}\n`), true);

test('three nodes with Elastic IPs: a first start, a replacement, an address that is taken away, a lost majority', {
  skip: requirements.met ? false : requirements.why,
  timeout: 600_000,
}, async () => {
  const told = await runInLabNetwork('elastic-ips-program.ts', {});
  assert.deepEqual(JSON.parse(told), { records: ['genesis', 'forced'] });
});
