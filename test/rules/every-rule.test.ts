// SPDX-License-Identifier: Apache-2.0
/** Every numbered rule of docs/protocol.md has been left out somewhere, and was missed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MUTATIONS } from '../simulation/mutations/mutations.ts';
import { DECISIONS_LEFT_OUT } from './decisions-left-out.ts';
import { RULES } from './rules.ts';
import { UNITS_LEFT_OUT } from './units-left-out.ts';

/** Those that are left out in tests of another form, or can't be. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'Server 2': 'it is two flags of the server: test/ansible/image-files.test.ts fails with any others',
  'Disk 1': 'test/zookeeper/power-cut-mutations.test.ts takes out each call that makes something durable',
  'Disk 2': 'test/zookeeper/leftovers.test.ts puts each leftover there, and one that may not be removed beside it',
  'Advice 1': 'it is the form of all advice, which the compiler holds; the simulation has mutations of what is advised',
};

test('every rule has a mutation', () => {
  const rules = [...MUTATIONS, ...DECISIONS_LEFT_OUT, ...UNITS_LEFT_OUT].map(({ rule }) => rule);
  const has = (rule: string): boolean => rules.some((each) => new RegExp(`\\b${rule}\\b`).test(each));
  assert.ok(RULES.length > 50, `${RULES.length} rules`);
  assert.deepEqual(
    RULES.filter((rule) => !has(rule) && !(rule in ELSEWHERE)),
    [],
  );
  const needless = Object.keys(ELSEWHERE).filter((rule) => !RULES.includes(rule) || has(rule));
  assert.deepEqual(needless, []);
});
