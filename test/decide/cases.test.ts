// SPDX-License-Identifier: Apache-2.0
/**
 * Every row of cases/ is a situation and what decide does in it, compared whole: the step or the wait, and every word
 * of its reason. A row's name says the rule of docs/protocol.md and what is special here.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACTS } from '../../src/act/act.ts';
import { decide } from '../../src/decide/decide.ts';
import { decideGivingUp } from '../../src/decide/launch.ts';
import type { Decision, StepKind } from '../../src/model/step.ts';
import { RULES } from '../rules/rules.ts';
import { CASES } from './cases/all.ts';
import type { Row } from './cases/row.ts';

/** Rules that bind what is observed or how a step is done, and never what is decided, and who holds them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'Files 1': 'what the disk code makes of a data directory: test/zookeeper',
  'Files 2': 'what the disk code makes of a file: test/zookeeper/unreadable.test.ts',
  'Claims 6': 'the order of a look: test/observe/observe.test.ts',
  'Server 2': 'how a server is started: test/zookeeper/long-entry.test.ts',
  'Disk 1': 'how the disk code writes: test/zookeeper/power-cut.test.ts',
  'Disk 2': 'what the disk code clears away: test/zookeeper/leftovers.test.ts',
  'Disk 4': 'what the purge removes: test/zookeeper/purge.test.ts',
  'Advice 1': 'the form of all advice: test/decide/advice.test.ts, test/docs/advice.test.ts',
};

/** The cases of Joining 10 are about the last word of a bootstrap that has ended, until it was spoken. */
function decideIn({ name, given }: Row): Decision | undefined {
  return name.startsWith('Joining 10:') && !given.disk.abandoned ? decideGivingUp(given) : decide(given);
}

for (const row of CASES) {
  test(row.name, () => {
    assert.deepEqual(asPrinted(decideIn(row)), asPrinted(row.expected));
  });
}

/** As a dry run prints it: what is undefined is absent. */
function asPrinted(decision: Decision | undefined): unknown {
  return decision && JSON.parse(JSON.stringify(decision));
}

test('no sentence of a reason has more than 30 words', () => {
  const sentences = CASES.flatMap(({ expected }) => expected?.why.split(/(?<=[.!?:;])\s+/) ?? []);
  assert.deepEqual(
    sentences.filter((sentence) => sentence.split(/\s+/).length > 30),
    [],
  );
});

test('no two cases have the same name', () => {
  assert.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length);
});

test('every rule that decide holds has a case', () => {
  const has = (rule: string): boolean => CASES.some(({ name }) => name.startsWith(`${rule}:`));
  assert.deepEqual(
    RULES.filter((rule) => !has(rule) && !(rule in ELSEWHERE)),
    [],
  );
  const needless = Object.keys(ELSEWHERE).filter((rule) => !RULES.includes(rule) || has(rule));
  assert.deepEqual(needless, []);
});

test('every kind of step is taken in some case', () => {
  const taken = new Set(CASES.map(({ expected }) => expected?.kind === 'step' && expected.step.kind));
  const missing = (Object.keys(ACTS) as StepKind[]).filter((kind) => !taken.has(kind));
  assert.deepEqual(missing, []);
});
