// SPDX-License-Identifier: Apache-2.0
/**
 * Preloaded into the agent (NODE_OPTIONS=--require …), it sends SIGKILL to its own process at one exact point, which
 * KILL_AT names as JSON:
 *
 * - `{"event":"act","step":"found-forced"}`: the agent has logged this line and not gone on yet. `act` stands before
 *   each step, `acted` after it.
 * - `{"rename":"zk-agent/stamp.json","moment":"before"}`: a file whose path ends so is about to appear in its place,
 *   whole and synced; `after`: it just did. Every durable write of the agent ends in such a rename.
 *
 * `count` (default 1) means the n-th time. KILL_AT may be a list; the first point reached ends the process.
 */
'use strict';
const fs = require('node:fs');

const points = [JSON.parse(process.env.KILL_AT ?? '[]')].flat().map((point) => ({ count: 1, ...point }));

function reached(fits) {
  for (const point of points) {
    if (!fits(point)) continue;
    point.count -= 1;
    if (point.count === 0) process.kill(process.pid, 'SIGKILL');
  }
}

const { writeSync } = fs;
fs.writeSync = (fd, data, ...rest) => {
  const written = writeSync(fd, data, ...rest);
  if (fd === 1) reached(({ event, step }) => event !== undefined && isLine(data, event, step));
  return written;
};

function isLine(data, event, step) {
  try {
    const line = JSON.parse(String(data));
    return line.event === event && (step === undefined || line.step === step);
  } catch {
    return false;
  }
}

const { rename } = fs.promises;
fs.promises.rename = async (from, to) => {
  const is = (moment) => (point) =>
    point.rename !== undefined && String(to).endsWith(`/${point.rename}`) && point.moment === moment;
  reached(is('before'));
  await rename(from, to);
  reached(is('after'));
};
