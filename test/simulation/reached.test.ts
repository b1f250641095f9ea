// SPDX-License-Identifier: Apache-2.0
/** Every re-check of `act`, and the code of every rule, is run by some directed case or some history of the fixed set. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Place, placesIn, Reached, ruledPlacesIn } from './reached.ts';

/** Of the fixed set (simulation.test.ts): so many at once, and so many before somebody says that a place is never run. */
const AT_ONCE = 200;
const HISTORIES = 2_000;

it('every re-check and every rule is reached', async (test) => {
  const reached = new Reached();
  await reached.begin();
  // Their code is counted from its first run on, so it is loaded after the beginning.
  const { NEEDLESS_FOR_MUTATIONS } = await import('./additions/registry.ts');
  const { DIRECTED_CASES } = await import('./directed.ts');
  const { Scenario } = await import('./scenario.ts');
  const { simulateHistory } = await import('./simulate-history.ts');
  const rechecks = placesIn('act', /throw changed\(/g);
  const rules = ['act', 'decide', 'observe', 'registry'].flatMap(ruledPlacesIn);
  const decisions = placesIn('decide', /\b(?:take|wait|done)\(|kind: 'refuse'/g);
  const places = [...rechecks, ...rules, ...decisions];
  assert.ok(rechecks.length > 20 && rules.length > 40 && decisions.length > 80);

  let missing: readonly Place[] = places;
  let seed = 1;
  const someHistories = async (): Promise<void> => {
    for (const end = seed + AT_ONCE; seed < end; seed++)
      await simulateHistory({ seed, without: NEEDLESS_FOR_MUTATIONS });
    missing = await reached.never(missing);
  };
  const asked = (): readonly Place[] => missing.filter((place) => !decisions.includes(place));
  await someHistories();
  const byHistories = missing;
  for (const each of DIRECTED_CASES) await each.play(new Scenario(1, each));
  missing = await reached.never(missing);
  while (asked().length > 0 && seed <= HISTORIES) await someHistories();
  await reached.end();
  const count = (some: readonly Place[], left: readonly Place[]): string =>
    `${some.filter((place) => !left.includes(place)).length} of ${some.length}`;
  test.diagnostic(
    `${AT_ONCE} histories reach ${count(rechecks, byHistories)} re-checks, ${count(rules, byHistories)} places of rules ` +
      `and ${count(decisions, byHistories)} decisions; with the directed cases ${count(rechecks, missing)}, ` +
      `${count(rules, missing)} and ${count(decisions, missing)}`,
  );
  assert.deepEqual(
    asked().map(({ name }) => name),
    [],
  );
});
