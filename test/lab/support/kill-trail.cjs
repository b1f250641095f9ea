// SPDX-License-Identifier: Apache-2.0
/**
 * Preloaded into the agent (NODE_OPTIONS=--require …), it sends SIGKILL to its own process at the first point inside a
 * step at which no run has died before. The file KILL_TRAIL holds the points of the earlier runs, one a line, and gets
 * this one: run after run dies one point further on, until one comes through. Several nodes may share a file.
 *
 * Points, each named with its step: the step's own log lines (`act`, `acted`); before and after each rename and removal
 * of a file that counts, as every durable change ends in one; while each file of a copy is made; before and after each
 * write to S3 and each creation of a log stream; and right after a reconfiguration was sent, before its answer. With
 * KILL_DEPTH=around only the log lines count: a step that takes effect once never gets to its end when runs die inside.
 */
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const { basename, dirname, join } = require('node:path');

const RECONFIG_OPCODE = 16;
const trail = process.env.KILL_TRAIL;
const around = process.env.KILL_DEPTH === 'around';
const { appendFileSync, readFileSync, writeSync } = fs;
const { open, rename, rm } = fs.promises;
const { request } = http;
const { write } = net.Socket.prototype;
let step = '';

function point(name, within = step) {
  if (trail === undefined || within === '' || (around && !/^act(ed)?$/.test(name))) return;
  const key = `${within}: ${name}`;
  if (readFileSync(trail, 'utf8').split('\n').includes(key)) return;
  appendFileSync(trail, `${key}\n`);
  process.kill(process.pid, 'SIGKILL');
  // The kernel may take a moment, in which nothing more may happen.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Directory and name, without what differs from one run or node to the next. */
function called(path) {
  const name = basename(path)
    .replace(/^zoo\.cfg\.dynamic\.[0-9a-f]+$/, 'zoo.cfg.dynamic.<version>')
    .replace(/^(log|snapshot)\.[0-9a-f]+$/, '$1.<zxid>')
    .replace(/^super-secret\..*$/, 'super-secret, half')
    .replace(/^\d+$/, '<number>');
  return join(basename(dirname(path)), name);
}

fs.writeSync = (fd, data, ...rest) => {
  const written = writeSync(fd, data, ...rest);
  if (fd === 1) hear(String(data));
  return written;
};

function hear(text) {
  let line;
  try {
    line = JSON.parse(text);
  } catch {
    return;
  }
  if (line.event === 'act') {
    step = line.step;
    point('act');
  } else if (line.event === 'acted' || line.event === 'failed') {
    const ended = step;
    step = '';
    if (line.event === 'acted') point('acted', ended);
  }
}

fs.promises.rename = async (from, to) => {
  // What is put into a hidden folder counts for nothing until that is renamed itself; but the data that goes there
  // does.
  const counts = !/\/\.[^/]+\/(?!version-2$)/.test(String(to).slice(process.cwd().length));
  if (counts) point(`before rename to ${called(String(to))}`);
  await rename(from, to);
  if (counts) point(`after rename to ${called(String(to))}`);
};

fs.promises.rm = async (path, options) => {
  // Half written files and folders go all the time and mean nothing.
  const counts = !/\.half$|\/\.[^/]*$/.test(String(path)) && fs.existsSync(path);
  if (counts) point(`before removal of ${called(String(path))}`);
  await rm(path, options);
  if (counts) point(`after removal of ${called(String(path))}`);
};

fs.promises.open = (path, ...rest) => {
  if (/\.copying\/version-2\/[^/]+$/.test(String(path))) point(`during copy of ${called(String(path))}`);
  return open(path, ...rest);
};

http.request = (options, ...rest) => {
  const name = nameOf(options);
  if (name === undefined) return request(options, ...rest);
  const within = step;
  point(`before ${name}`);
  const sent = request(options, ...rest);
  sent.prependListener('response', () => point(`after ${name}`, within));
  return sent;
};

/** Undefined for what only reads. S3 keys are `/<bucket>/<cluster>/<folder>/…`. */
function nameOf({ method, path = '', headers = {} }) {
  const target = Object.entries(headers).find(([key]) => key.toLowerCase() === 'x-amz-target')?.[1];
  if (target !== undefined) return /\.Create/.test(target) ? target.split('.').at(-1) : undefined;
  if (method !== 'PUT' || path.startsWith('/latest/')) return undefined;
  return `PUT ${path.split('?')[0].split('/').slice(3, -1).join('/') || path}`;
}

/** A frame of ZooKeeper's protocol: length, xid, opcode. */
net.Socket.prototype.write = function (data, ...rest) {
  const accepted = write.call(this, data, ...rest);
  if (Buffer.isBuffer(data) && data.length > 12 && isReconfig(data)) point('reconfig sent');
  return accepted;
};

function isReconfig(data) {
  for (let at = 0; at + 12 <= data.length; at += 4 + data.readUInt32BE(at)) {
    if (data.readInt32BE(at + 8) === RECONFIG_OPCODE) return true;
  }
  return false;
}
