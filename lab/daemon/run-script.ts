/** The project's scripts, run as a person runs them, against the lab's AWS. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { type AccessKey, REGION } from '../aws-clients.ts';

/** Where AWS is, and whose key is used. */
export interface Deployer {
  readonly endpoint: string;
  readonly key: AccessKey;
}

export interface ScriptRun {
  readonly person: Deployer;
  /** Of the script's process, besides what tells it of AWS. */
  readonly environment: Readonly<Record<string, string>>;
  /** Hears everything that the script says on standard error. */
  readonly hear: (line: string) => void;
  /** Interrupts the script as Ctrl-C does. */
  readonly signal: AbortSignal;
  /** How long an interrupted script has to clean up; 3 seconds by default. */
  readonly graceMs?: number;
}

const KILL_AFTER_MS = 3_000;
const KEPT_LINES = 8;

/** Resolves with what it printed; rejects with the last lines that it said when it does not end well. */
export async function runScript(script: string, words: readonly string[], run: ScriptRun): Promise<string> {
  const { person, environment, hear, signal, graceMs = KILL_AFTER_MS } = run;
  signal.throwIfAborted();
  const child = spawn(script, [...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...environment,
      AWS_ENDPOINT_URL: person.endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: person.key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: person.key.secretAccessKey,
    },
  });
  const last: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    last.push(line);
    if (last.length > KEPT_LINES) last.shift();
    hear(line);
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const stop = (): void => interrupt(child, graceMs);
  signal.addEventListener('abort', stop);
  try {
    const [code] = await once(child, 'close');
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`${basename(script)} ended with ${code}:\n${last.join('\n')}`);
    return printed;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function interrupt(child: ChildProcess, graceMs: number): void {
  child.kill('SIGINT');
  setTimeout(() => child.kill('SIGKILL'), graceMs).unref();
}
