// SPDX-License-Identifier: Apache-2.0
/** What the stack costs a month: the sums are right, what is counted is what the defaults make, and README says it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import yargs from 'yargs';
import { DEFAULT_INSTANCE_TYPE } from '../../cf/instance-type.ts';
import { optionTable } from '../../cf/option-table.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const HOURS = { 'an hour': 730, 'a month': 1 };
const ZONES = 3;

interface Part {
  readonly what: string;
  readonly count: number;
  readonly cents: number;
}

function text(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function rows(): readonly (readonly string[])[] {
  const [, table = ''] = /<!-- costs: .* -->\n([\s\S]*?)<!-- \/costs -->/.exec(text('docs/deploying.md')) ?? [];
  const lines = table.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => line.split('|').map((cell) => cell.trim().replaceAll('**', '')));
}

function inCents(dollars = ''): number {
  assert.match(dollars, /^\d+\.\d\d$/);
  return Math.round(Number(dollars) * 100);
}

function parts(): readonly Part[] {
  return rows()
    .filter(([, , count]) => count !== '')
    .map(([, what = '', count, price = '', month]) => {
      const [, one = '', unit] = /^([\d.]+) (an hour|a month)$/.exec(price) ?? [];
      assert.ok(unit === 'an hour' || unit === 'a month', price);
      assert.equal(inCents(month), Math.round(Number(count) * Number(one) * HOURS[unit] * 100), what);
      return { what, count: Number(count), cents: inCents(month) };
    });
}

function centsOf(words: RegExp): number {
  const found = rows().filter(([, what = '']) => words.test(what));
  assert.equal(found.length, 1, String(words));
  return inCents(found[0]?.[4]);
}

function countOf(words: RegExp): number | undefined {
  return parts().find(({ what }) => words.test(what))?.count;
}

test('each amount is the number times the price, and each sum is of its parts', () => {
  assert.equal(parts().length, 6);
  const stack = parts()
    .slice(0, 3)
    .reduce((sum, { cents }) => sum + cents, 0);
  assert.equal(centsOf(/^the stack$/), stack);
  assert.equal(centsOf(/^the stack, and one NAT/), stack + centsOf(/^one NAT gateway/));
  assert.equal(centsOf(/^the stack, and a NAT gateway for each/), stack + centsOf(/^NAT gateways/));
  assert.equal(centsOf(/^the stack, and endpoints/), stack + centsOf(/^interface endpoints/));
});

test('what is counted is what the defaults make', () => {
  const { volumetype, ...given } = yargs([]).options(optionTable).parseSync();
  const [numhosts, volumesize] = [Number(given.numhosts), Number(given.volumesize)];
  assert.equal(countOf(new RegExp(`^\`${DEFAULT_INSTANCE_TYPE.x86_64}\``)), numhosts);
  assert.equal(countOf(new RegExp(`^\`${volumetype}\``)), numhosts * volumesize);
  // All that the agent calls but S3, whose endpoint is a gateway that costs nothing.
  const [, list = ''] = /const SERVICES = \[([^\]]*)\]/.exec(text('deploy/check/reachability.ts')) ?? [];
  const services = [...list.matchAll(/'(\w+)'/g)].map(([, name]) => name);
  assert.ok(services.includes('s3'));
  assert.equal(countOf(/^interface endpoints/), (services.length - 1) * ZONES);
});

test('README has the same sums, in whole dollars', () => {
  const [line = ''] = /^- \*\*What it costs\.\*\*.*$/m.exec(text('README.md')) ?? [];
  const whole = (cents: number): string => String(Math.round(cents / 100));
  const expected = [/^the stack, and one NAT/, /^the stack$/, /^one NAT/, /^the stack$/, /^the stack, and endpoints/];
  const told = [...line.replace(/`[^`]*`|\([^)]*\)/g, '').matchAll(/\d+/g)].map(([number]) => number);
  assert.deepEqual(
    told,
    expected.map((words) => whole(centsOf(words))),
  );
});
