// SPDX-License-Identifier: Apache-2.0
/** An image that is not Debian is refused by the name of its system, before anything is launched. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Image } from '@aws-sdk/client-ec2';
import { readOrder } from '../../bake/options.ts';
import { sourceImageProblems } from '../../bake/source-image.ts';

const ID = 'ami-0a1b2c3d4e5f60718';

function problemsOf(image: Image | undefined): readonly string[] {
  const order = readOrder(['--ami', ID, '--zookeeper-archive', '/nowhere'], () => {});
  assert.ok(order.kind === 'bake');
  return sourceImageProblems(image, order);
}

function named(Name: string, more: Image = {}): Image {
  return { ImageId: ID, Name, State: 'available', Architecture: 'x86_64', PlatformDetails: 'Linux/UNIX', ...more };
}

test('an image of another system is refused by its name', () => {
  for (const [name, system] of [
    ['al2023-ami-2023.6.20241031.0-kernel-6.1-x86_64', 'Amazon Linux'],
    ['amzn2-ami-kernel-5.10-hvm-2.0.20241031.0-x86_64-gp2', 'Amazon Linux'],
    ['ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20241109', 'Ubuntu'],
    ['bottlerocket-aws-ecs-2-x86_64-v1.26.1-943d9a41', 'Bottlerocket'],
    ['Rocky-9-EC2-Base-9.4-20240523.0.x86_64', 'a relative of Red Hat’s Linux'],
  ] as const) {
    const expected = `The image ${ID} (--ami) is of ${system}. Only Debian 12 and 13 can be baked on.`;
    assert.deepEqual(problemsOf(named(name)), [expected]);
  }
});

test('an image that EC2 itself knows to be of another system is refused, whatever its name', () => {
  const more = { PlatformDetails: 'Red Hat Enterprise Linux' };
  assert.match(problemsOf(named('our-debian-base', more)).join(), /is of Red Hat Enterprise Linux\./);
  assert.match(problemsOf(named('base', { Platform: 'Windows' })).join(), /is of Windows\./);
});

test('an image of Debian fits, also one that somebody made of it', () => {
  for (const name of ['debian-12-amd64-20241110-1927', 'our-debian-base', 'golden-2026-11', 'rhel-free-debian']) {
    assert.deepEqual(problemsOf(named(name)), []);
  }
  // What the local AWS and older regions leave out says nothing.
  assert.deepEqual(problemsOf({ ImageId: ID, State: 'available' }), []);
});

test('all that is wrong with an image is said at once', () => {
  const image = named('ubuntu-noble', { Architecture: 'arm64', State: 'pending', RootDeviceType: 'instance-store' });
  assert.equal(problemsOf(image).length, 4);
  assert.match(problemsOf(undefined).join(), /does not exist in this region, or is not shared with you/);
});
