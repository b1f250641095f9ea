/** Runs the system's programs, and says what they said when they fail. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ProgramOptions {
  /** What the program reads on its standard input; nothing by default. */
  readonly input?: string;
  /** The whole environment; by default this process's own. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** The program is killed after this time. Two minutes by default. */
  readonly limitMs?: number;
  readonly onLine?: (line: string) => void;
}

const LIMIT_MS = 120_000;
const KEPT_LINES = 20;

/** Resolves with its standard output; rejects, with the last lines of both outputs, when it does not end with 0. */
export function runProgram(program: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const limitMs = options.limitMs ?? LIMIT_MS;
  const limit = AbortSignal.timeout(limitMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      signal,
      killSignal: 'SIGKILL',
      ...(options.environment === undefined ? {} : { env: options.environment }),
    });
    const output: string[] = [];
    const tail: string[] = [];
    const keep = (line: string): void => {
      tail.push(line);
      if (tail.length > KEPT_LINES) tail.shift();
      options.onLine?.(line);
    };
    createInterface({ input: child.stdout }).on('line', (line) => {
      output.push(`${line}\n`);
      keep(line);
    });
    createInterface({ input: child.stderr }).on('line', keep);
    // A program that ends without reading its input is judged by how it ends.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => {
      if (limit.aborted) reject(new Error(`${program} ${args.join(' ')} took longer than ${limitMs / 1000} s.`));
      else reject(error);
    });
    child.on('close', (code, by) => {
      if (code === 0) resolve(output.join(''));
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code ?? by}:\n${tail.join('\n')}`));
    });
  });
}
