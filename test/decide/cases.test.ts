/**
 * Every folder of test/cases is a situation and what decide does in it, compared whole. `UPDATE_CASES=1` writes the
 * decisions anew, to be read in the diff. The names say the rule of docs/protocol.md and the situation.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACTS } from '../../src/act/act.ts';
import { decide } from '../../src/decide/decide.ts';
import { decideGivingUp } from '../../src/decide/launch.ts';
import type { Observation } from '../../src/model/observation.ts';
import type { Decision, StepKind } from '../../src/model/step.ts';
import { readCases, writeDecision } from './case-files.ts';

const update = process.env.UPDATE_CASES === '1';

/** The rules of docs/protocol.md; a rule without a case is one that nobody would miss. */
const RULES: Readonly<Record<string, number>> = {
  files: 3,
  claims: 8,
  genesis: 5,
  joining: 10,
  leaving: 5,
  recovery: 9,
};
/** Rules that bind what is observed or how a step is done, and never what is decided; test/zookeeper, test/observe and test/act hold them. */
const ELSEWHERE = new Set(['files-1', 'files-2', 'claims-6', 'claims-7']);

const cases = readCases();

/**
 * The cases of Joining 10 are about the last word of a bootstrap that has ended, until it was spoken; `null` says that
 * there is none.
 */
function decideIn(name: string, observation: Observation): Decision | null {
  return name.startsWith('joining-10-') && !observation.disk.abandoned
    ? (decideGivingUp(observation) ?? null)
    : decide(observation);
}

for (const { name, observation, decision } of cases) {
  test(name, () => {
    // Through JSON, as a dry run prints it: what is undefined is absent.
    const decided = JSON.parse(JSON.stringify(decideIn(name, observation)));
    if (update) writeDecision(name, decided);
    else assert.deepEqual(decided, decision);
  });
}

test('every rule that decide holds has a case', () => {
  const missing = Object.entries(RULES).flatMap(([room, count]) =>
    Array.from({ length: count }, (_, index) => `${room}-${index + 1}`).filter(
      (rule) => !ELSEWHERE.has(rule) && !cases.some(({ name }) => name.startsWith(`${rule}-`)),
    ),
  );
  assert.deepEqual(missing, []);
});

test('every kind of step is taken in some case', () => {
  const taken = new Set(cases.map(({ decision }) => decision?.kind === 'step' && decision.step.kind));
  const missing = (Object.keys(ACTS) as StepKind[]).filter((kind) => !taken.has(kind));
  assert.deepEqual(missing, []);
});
