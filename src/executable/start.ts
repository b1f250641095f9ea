// SPDX-License-Identifier: Apache-2.0
/** The start of the executable. It loads the agent's bundles from the executable itself, each when first asked for. */

import { writeSync } from 'node:fs';
import { compilePart, PARTS, type Part } from './parts.ts';
import { readableStack } from './readable-stack.ts';

/** This file does not exist: Debian promises that this directory never exists. */
const FOLDER = '/nonexistent/zk-agent';

interface Loaded {
  exports: unknown;
}

const loaded = new Map<Part, Loaded>();

function load(part: Part): unknown {
  const known = loaded.get(part);
  if (known) return known.exports;
  const module: Loaded = { exports: {} };
  loaded.set(part, module);
  const run = compilePart(part).runInThisContext();
  run(module.exports, requireFrom, module, `${FOLDER}/${part}`, FOLDER);
  return module.exports;
}

function requireFrom(id: string): unknown {
  const part = PARTS.find((name) => id === `./${name}`);
  if (part) return load(part);
  const builtIn = process.getBuiltinModule(id);
  if (builtIn) return builtIn;
  // Some packages try to load an optional package, and check this code when that fails.
  throw Object.assign(new Error(`The executable holds no module ${id}.`), { code: 'MODULE_NOT_FOUND' });
}

process.once('uncaughtException', (error) => {
  writeSync(2, `${readableStack(error.stack ?? String(error))}\n`);
  process.exit(1);
});
load('zk-agent.cjs');
