// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { architectureOf } from '../../cf/instance-type.ts';

const TYPES = {
  x86_64: [
    't3.small',
    't3a.small',
    'm5.large',
    'm6i.large',
    'm7i-flex.large',
    'c7a.xlarge',
    'g4dn.xlarge',
    'g4ad.xlarge',
  ],
  arm64: [
    't4g.small',
    'm7g.large',
    'm7gd.large',
    'c7gn.xlarge',
    'im4gn.large',
    'is4gen.large',
    'a1.medium',
    'g5g.xlarge',
  ],
} as const;

for (const [architecture, types] of Object.entries(TYPES)) {
  test(`${architecture}: ${types.join(', ')}`, () => {
    for (const type of types) assert.equal(architectureOf(type), architecture, type);
  });
}

test('high memory types are x86_64', () => {
  assert.equal(architectureOf('u-6tb1.metal'), 'x86_64');
  assert.equal(architectureOf('u7i-12tb.224xlarge'), 'x86_64');
});

test('of macs and of what is no type nothing is said', () => {
  for (const type of ['mac2.metal', 'large', 't3', '']) assert.equal(architectureOf(type), undefined, type);
});
