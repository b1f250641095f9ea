// SPDX-License-Identifier: Apache-2.0
// What the programs print: one line of JSON for each result, without what differs from run to run.
'use strict';

const NUMBERS = ['version', 'cversion', 'aversion', 'dataLength', 'numChildren'];
const LONGS = ['czxid', 'mzxid', 'pzxid', 'ctime', 'mtime', 'ephemeralOwner'];

function plain(value) {
  if (value === undefined) return '<undefined>';
  if (Buffer.isBuffer(value)) return { buffer: value.toString() };
  if (value instanceof Error) {
    const asked = typeof value.getCode === 'function' ? [value.getCode(), value.getName(), plain(value.getPath())] : [];
    return { error: value.constructor.name, text: asked.length > 0 ? String(value) : '', asked };
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === 'object') {
    if (LONGS.every((key) => Buffer.isBuffer(value[key]))) return statOf(value);
    if (typeof value.getType === 'function') {
      return { event: String(value), asked: [value.getType(), value.getName(), value.getPath()] };
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  }
  return value;
}

// Transactions and times differ between runs, so of these only how they stand to each other is told.
function statOf(stat) {
  const longs = LONGS.map((key) => stat[key].length);
  const order = [stat.czxid.equals(stat.mzxid), stat.czxid.equals(stat.pzxid), stat.ctime.equals(stat.mtime)];
  const isOwned = !stat.ephemeralOwner.equals(Buffer.alloc(8));
  return { numbers: NUMBERS.map((key) => stat[key]), longs, order: order.slice(0, 2), isOwned };
}

exports.record = (name, ...values) => {
  process.stdout.write(`${JSON.stringify([name, ...values.map(plain)])}\n`);
};

// Runs a program that may not take longer than this, and ends the process with it.
exports.main = (program) => {
  setTimeout(() => {
    process.stderr.write('the program took too long\n');
    process.exit(2);
  }, 90_000).unref();
  program().then(
    () => process.exit(0),
    (error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exit(1);
    },
  );
};
