// SPDX-License-Identifier: Apache-2.0
/** The agent's source with a rule left out: `decide` beside the real one, or everything in a process of its own. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { decide as realDecide } from '../../src/decide/decide.ts';
import { type LeftOut, withoutRule } from './left-out.ts';

const SOURCE = new URL('../../src/', import.meta.url).href;
/** Every file of these may import the changed one, so all of them are loaded anew. */
const ANEW = ['decide/', 'facts/', 'identity/', 'model/advice.ts'].map((room) => `${SOURCE}${room}`);

export type DecideOnly = { readonly decide: typeof realDecide };

export async function decideWithout(leftOut: LeftOut): Promise<DecideOnly['decide']> {
  const query = `?without=${encodeURIComponent(leftOut.rule)}`;
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context);
      const ofTheCopy = context.parentURL?.endsWith(query) === true && ANEW.some((room) => found.url.startsWith(room));
      return ofTheCopy && !found.url.endsWith(query) ? { ...found, url: `${found.url}${query}` } : found;
    },
    load: (url, context, next) => (url === `${SOURCE}${leftOut.file}${query}` ? changed(leftOut) : next(url, context)),
  });
  try {
    const { decide } = (await import(`${SOURCE}decide/decide.ts${query}`)) as DecideOnly;
    return decide;
  } finally {
    hooks.deregister();
  }
}

function changed(leftOut: LeftOut) {
  const source = readFileSync(fileURLToPath(new URL(leftOut.file, SOURCE)), 'utf8');
  return { format: 'module-typescript', source: withoutRule(source, leftOut), shortCircuit: true } as const;
}

/** For `node --import`: whatever this process loads goes without the rule that stands in LEFT_OUT. */
if (process.env.LEFT_OUT) {
  const leftOut = JSON.parse(process.env.LEFT_OUT) as LeftOut;
  registerHooks({
    load: (url, context, next) => (url === `${SOURCE}${leftOut.file}` ? changed(leftOut) : next(url, context)),
  });
}
