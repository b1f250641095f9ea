// SPDX-License-Identifier: Apache-2.0
import { test } from 'node:test';
import { baseRootFileSystem } from '../../lab/container/base.ts';
import { runInLabNetwork } from './in-lab-network.ts';
import { whyNoMachines } from './machines.ts';

const skip = (await whyNoMachines()) ?? false;

test('instances in containers, from launch to termination, in a network of their own', { skip }, async () => {
  const parts = { release: 12, base: await baseRootFileSystem(12), archive: { file: '', sha512: '' } };
  await runInLabNetwork('lab-instances-program.ts', { parts });
});
