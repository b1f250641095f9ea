// SPDX-License-Identifier: Apache-2.0
/** What the simulation has nothing of: with each of these rules left out, a named row or a named test fails. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { decide } from '../../src/decide/decide.ts';
import { CASES } from '../decide/cases/all.ts';
import { DECISIONS_LEFT_OUT } from './decisions-left-out.ts';
import type { LeftOut } from './left-out.ts';
import { decideWithout } from './load-left-out.ts';
import { UNITS_LEFT_OUT, type UnitLeftOut } from './units-left-out.ts';

/** For a test without the rule that would not end. */
const LIMIT_MS = 240_000;
const HOOK = new URL('load-left-out.ts', import.meta.url).href;

describe('a row is decided otherwise without', () => {
  for (const leftOut of DECISIONS_LEFT_OUT) {
    it(leftOut.rule, async () => {
      const row = CASES.find(({ name }) => name === leftOut.row);
      assert.ok(row, leftOut.row);
      const printed = (decided: unknown): unknown => JSON.parse(JSON.stringify(decided));
      assert.deepEqual(printed(decide(row.given)), printed(row.expected));
      const without = await decideWithout(leftOut);
      assert.ok(!isDeepStrictEqual(printed(without(row.given)), printed(row.expected)), `${leftOut.row}: as with it`);
    });
  }
});

describe('a test fails without', () => {
  for (const leftOut of UNITS_LEFT_OUT) {
    it(leftOut.rule, async () => {
      // By its name, since a file that does not load fails, too. That it passes with the rule its own stage shows.
      const failed = await failedWithout(leftOut);
      assert.ok(failed.includes(leftOut.name), `without it failed: ${failed.join(', ') || 'nothing'}`);
    });
  }
});

async function failedWithout({ test, name, ...leftOut }: UnitLeftOut): Promise<readonly string[]> {
  const file = fileURLToPath(new URL(`../${test}`, import.meta.url));
  const pattern = `${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
  const args = ['--import', HOOK, '--test-name-pattern', pattern, '--test-reporter', 'tap', file];
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const env = { ...inherited, LEFT_OUT: JSON.stringify(leftOut satisfies LeftOut) };
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { env, timeout: LIMIT_MS }, (_error, stdout) => resolve(stdout));
  });
  return [...said.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, each]) => each as string);
}
