// SPDX-License-Identifier: Apache-2.0
/** Runs the project's scripts as a person does, against the lab's AWS. */
import { basename } from 'node:path';
import type { AccessKey } from '../../tools/aws-clients.ts';
import { outcomeOf } from '../../tools/program.ts';
import { REGION } from '../aws-clients.ts';

/** The address of AWS, and the key to use. */
export interface Deployer {
  readonly endpoint: string;
  readonly key: AccessKey;
}

interface ScriptRun {
  readonly person: Deployer;
  /** Further environment of the script's process, besides the variables about AWS. */
  readonly environment: Readonly<Record<string, string>>;
  /** Called with every line that the script prints to standard error. */
  readonly hear: (line: string) => void;
  /** Interrupts the script as Ctrl-C does. */
  readonly signal: AbortSignal;
  /** How long an interrupted script may clean up; 3 seconds by default. */
  readonly graceMs?: number;
}

const KILL_AFTER_MS = 3_000;
/** deploy.sh follows CloudFormation for twelve hours at most. */
const SCRIPT_LIMIT_MS = 13 * 3_600_000;
const KEPT_LINES = 8;

/** Resolves with the script's output. If it fails, rejects with the last lines that it printed. */
export async function runScript(script: string, words: readonly string[], run: ScriptRun): Promise<string> {
  const { person, environment, hear, signal, graceMs = KILL_AFTER_MS } = run;
  const last: string[] = [];
  const { code, stdout } = await outcomeOf(script, words, {
    environment: {
      ...environment,
      AWS_ENDPOINT_URL: person.endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: person.key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: person.key.secretAccessKey,
    },
    signal,
    limitMs: SCRIPT_LIMIT_MS,
    stopWith: 'SIGINT',
    graceMs,
    onLine: (line, stream) => {
      if (stream === 'stdout') return;
      last.push(line);
      if (last.length > KEPT_LINES) last.shift();
      hear(line);
    },
  });
  if (code !== 0) throw new Error(`${basename(script)} ended with ${code}:\n${last.join('\n')}`);
  return stdout;
}
