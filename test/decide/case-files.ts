/** The cases of the decisions as files, in the layout that the formatter leaves alone. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Observation } from '../../src/model/observation.ts';
import type { Decision } from '../../src/model/step.ts';

const CASES = fileURLToPath(new URL('../cases', import.meta.url));
const LINE_WIDTH = 120;

export interface Case {
  readonly name: string;
  readonly observation: Observation;
  /** Undefined for a case whose decision was never written, null for the decision to do nothing more. */
  readonly decision: Decision | null | undefined;
}

function fileOf(name: string, part: 'observation' | 'decision'): string {
  return join(CASES, name, `${part}.json`);
}

export function readCases(): readonly Case[] {
  return readdirSync(CASES)
    .sort()
    .map((name) => {
      const decision = fileOf(name, 'decision');
      return {
        name,
        observation: JSON.parse(readFileSync(fileOf(name, 'observation'), 'utf8')) as Observation,
        decision: existsSync(decision) ? (JSON.parse(readFileSync(decision, 'utf8')) as Decision | null) : undefined,
      };
    });
}

export function writeDecision(name: string, decision: Decision | null): void {
  writeFileSync(fileOf(name, 'decision'), `${layOut(decision, 0, 0)}\n`);
}

/** JSON with whatever fits on one line on one line. `lead` is what stands before it on its own line, in characters. */
export function layOut(value: unknown, indent: number, lead: number): string {
  const flat = flatten(value);
  // A comma may follow.
  if (typeof value !== 'object' || value === null || indent + lead + flat.length < LINE_WIDTH) return flat;
  const inner = ' '.repeat(indent + 2);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const lines = Array.isArray(value)
    ? value.map((entry) => inner + layOut(entry, indent + 2, 0))
    : present(value).map(([key, entry]) => `${inner}"${key}": ${layOut(entry, indent + 2, key.length + 4)}`);
  return `${open}\n${lines.join(',\n')}\n${' '.repeat(indent)}${close}`;
}

function present(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, entry]) => entry !== undefined);
}

function flatten(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatten).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = present(value);
  return entries.length === 0 ? '{}' : `{ ${entries.map(([key, entry]) => `"${key}": ${flatten(entry)}`).join(', ')} }`;
}
