// SPDX-License-Identifier: Apache-2.0
/**
 * The fixed set: two thousand histories of the real agent. None breaks an invariant, each heals. And by them every
 * re-check of `act` and the code of every rule is reached, but for what directed.ts alone reaches (directed-only.ts).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { chosen } from './additions/registry.ts';
import { DIRECTED_ONLY, OUTSIDE } from './directed-only.ts';
import { runJobs } from './jobs.ts';
import { type Place, placesIn, reachedByEach, reachedWhile, ruledPlacesIn } from './reached.ts';
import type { Verdict } from './simulate-history.ts';

const HISTORIES = 2_000;
/** Histories with Elastic IPs. */
const WITH_SLOTS = 200;
/** So many in one process. It is counted in how many of these parts a place is reached. */
const AT_ONCE = 200;
const JOBS = 2;
/**
 * A place that so few of the ten parts reach may stand in directed-only.ts, and need not. Any change of the agent makes
 * other histories of the same seeds, so what is reached once is not reached for sure.
 */
const SELDOM = 5;
const MOST_FAILURES = 3;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ROOMS = ['act', 'decide', 'facts', 'identity', 'model', 'observe', 'registry'];
const RECHECKS = placesIn('act', /throw changed\(/g);
const RULED = ROOMS.flatMap(ruledPlacesIn);
const DECISIONS = placesIn('decide', /\b(?:take|wait|done)\(|kind: 'refuse'/g);
const PLACES = [...RECHECKS, ...RULED, ...DECISIONS];

describe('the fixed set', () => {
  const verdicts: Verdict[] = [];
  const withSlots: Verdict[] = [];
  /** In how many parts of the set each place is reached. */
  const partsOf = new Map<Place, number>();
  let byDirected: ReadonlySet<Place> = new Set();
  /** What histories with Elastic IPs reach. */
  let bySlots: ReadonlySet<Place> = new Set();
  const failures = (): readonly Verdict[] => verdicts.filter(({ ok }) => !ok);

  before(async () => {
    await using directory = await temporaryDirectory();
    const coverage = directory.path;
    const seeds = JOBS * AT_ONCE;
    for (let from = 1; from <= HISTORIES && failures().length < MOST_FAILURES; from += seeds) {
      await runJobs(
        { jobs: JOBS, from, seeds, args: ['--keep-going'], coverage },
        (verdict) => verdicts.push(verdict) > 0,
      );
    }
    for (const part of await reachedByEach(coverage, PLACES)) {
      for (const place of part) partsOf.set(place, (partsOf.get(place) ?? 0) + 1);
    }
    await using other = await temporaryDirectory();
    await runJobs(
      { jobs: JOBS, from: 1, seeds: WITH_SLOTS, args: ['--keep-going', '--mode', 'elastic-ip'], coverage: other.path },
      (verdict) => withSlots.push(verdict) > 0,
    );
    bySlots = new Set((await reachedByEach(other.path, PLACES)).flat());
    byDirected = new Set(
      await reachedWhile(async () => {
        const { DIRECTED_CASES } = await import('./directed.ts');
        const { Scenario } = await import('./scenario.ts');
        for (const each of DIRECTED_CASES) await each.play(new Scenario(1, each));
      }, PLACES),
    );
  });

  it(`breaks no invariant and heals in ${HISTORIES} histories`, () => {
    assert.deepEqual(
      failures().map(({ message, seed }) => `${message}\n  replay: npm run simulate -- --seed ${seed} --trace`),
      [],
    );
    assert.equal(verdicts.length, HISTORIES);
    // Histories in which nothing ever has to be recovered would prove little.
    const forced = verdicts.reduce((sum, { forcedRecords }) => sum + forcedRecords, 0);
    assert.ok(forced > HISTORIES / 20, `only ${forced} recoveries by force in ${HISTORIES} histories`);
    // Nor would an addition that strikes in hardly any of them.
    const struckIn = (name: string): number => verdicts.filter(({ strikes }) => (strikes[name] ?? 0) > 0).length;
    assert.deepEqual(
      chosen({})
        .map(({ name }) => ({ name, histories: struckIn(name) }))
        .filter(({ histories }) => histories < HISTORIES / 100),
      [],
    );
  });

  it(`breaks no invariant and heals in ${WITH_SLOTS} histories with Elastic IPs`, () => {
    assert.deepEqual(
      withSlots
        .filter(({ ok }) => !ok)
        .map(
          ({ message, seed }) => `${message}\n  replay: npm run simulate -- --seed ${seed} --mode elastic-ip --trace`,
        ),
      [],
    );
    assert.equal(withSlots.length, WITH_SLOTS);
    const forced = withSlots.reduce((sum, { forcedRecords }) => sum + forcedRecords, 0);
    assert.ok(forced > WITH_SLOTS / 20, `only ${forced} recoveries by force in ${WITH_SLOTS} histories`);
  });

  it('reaches every re-check and every rule, but for those that are listed', (test) => {
    for (const [what, places] of Object.entries({
      're-checks': RECHECKS,
      'places of rules': RULED,
      decisions: DECISIONS,
    })) {
      const count = places.filter((place) => partsOf.has(place)).length;
      const all = places.filter((place) => partsOf.has(place) || byDirected.has(place)).length;
      test.diagnostic(`${what}: ${count} of ${places.length} by histories, ${all} with the directed cases`);
    }
    assert.ok(RECHECKS.length > 20 && RULED.length > 80 && DECISIONS.length > 80);
    const asked = [...RECHECKS, ...RULED];
    const listed = ({ key }: Place): boolean => key in DIRECTED_ONLY;
    const named = (places: readonly Place[]): readonly string[] => [...new Set(places.map(({ key }) => key))].sort();
    assert.deepEqual(
      named(asked.filter((place) => !partsOf.has(place) && !bySlots.has(place) && !listed(place))),
      [],
      'reached by no history',
    );
    const often = asked.filter((place) => listed(place) && (partsOf.get(place) ?? 0) > SELDOM);
    assert.deepEqual(named(often), [], 'histories reach it, so it has no place on the list any more');
    const byUnit = ({ key }: Place): string | undefined => DIRECTED_ONLY[key]?.by;
    const lost = asked.filter((place) => listed(place) && !byUnit(place) && !byDirected.has(place));
    assert.deepEqual(named(lost), [], 'no case reaches it');
    const found = asked.filter((place) => byUnit(place) && byDirected.has(place));
    assert.deepEqual(named(found), [], 'a case reaches it, so no other test has to be named');
    for (const place of asked) {
      const file = byUnit(place);
      const [rule = ''] = place.name.split(',');
      if (file !== undefined) assert.match(readFileSync(`${ROOT}${file}`, 'utf8'), new RegExp(`\\b${rule}\\b`), file);
    }
    const keys = new Set(asked.map(({ key }) => key));
    assert.deepEqual(
      Object.keys(DIRECTED_ONLY).filter((key) => !keys.has(key)),
      [],
      'there is no such place',
    );
  });
});

it('every rule of the protocol stands at the code that keeps it, or outside of what is simulated', () => {
  const protocol = readFileSync(`${ROOT}docs/protocol.md`, 'utf8');
  const rules = [...protocol.matchAll(/^### ((?:Elastic IP|\w+) \d+)$/gm)].map(([, rule = '']) => rule);
  assert.ok(rules.length > 50);
  const inside = new Set(RULED.map(({ name }) => name.split(',')[0]));
  assert.deepEqual(
    rules.filter((rule) => !inside.has(rule)),
    Object.keys(OUTSIDE),
  );
  for (const [rule, { files, tests }] of Object.entries(OUTSIDE)) {
    for (const file of files) assert.match(readFileSync(`${ROOT}${file}`, 'utf8'), new RegExp(`\\b${rule}\\b`), file);
    for (const file of tests) assert.match(readFileSync(`${ROOT}${file}`, 'utf8'), new RegExp(`\\b${rule}\\b`), file);
  }
});
