// SPDX-License-Identifier: Apache-2.0
/**
 * Times and peak memory of whole runs of programs, the programs in turn. A small process of its own (Python) starts and
 * reaps them: a child begins with the peak memory of the process that started it, Node can't ask for a single child's,
 * and the process of the benchmark is large, and serves what the programs ask meanwhile.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const PROGRAM = `
import json, os, sys, time
rounds, commands = json.loads(sys.argv[1]), json.loads(sys.argv[2])
def run(words, says):
    reading, writing = os.pipe()
    started = time.monotonic()
    child = os.posix_spawn(words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1)])
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    _, status, usage = os.wait4(child, 0)
    elapsed = time.monotonic() - started
    if status != 0 or says not in said:
        sys.exit("%s ended with status %d: %s" % (" ".join(words), status, said))
    return [elapsed * 1000, usage.ru_maxrss, (usage.ru_utime + usage.ru_stime) * 1000]
for number in range(rounds):
    runs = [None] * len(commands)
    for turn in range(len(commands)):
        index = (number + turn) % len(commands)
        runs[index] = run(commands[index]["words"], commands[index]["says"])
    print(json.dumps(runs), flush=True)
`;

interface Program {
  /** The first by its path. */
  readonly words: readonly string[];
  /** What stands in its output, or the run does not count and the benchmark ends. */
  readonly says: string;
}

/** Milliseconds, KiB, and milliseconds of processor time. */
type RunFigures = readonly [number, number, number];

interface WholeRuns {
  readonly elapsedMs: readonly number[];
  /** The kernel's ru_maxrss. */
  readonly peakKib: readonly number[];
  /** Processor time. A busy machine moves it less than the elapsed time. */
  readonly cpuMs: readonly number[];
}

interface Course {
  readonly rounds: number;
  /** Rounds before the counted ones. */
  readonly warmUp: number;
  readonly environment: NodeJS.ProcessEnv;
  /** The milliseconds of one counted round, in the order of the programs. */
  progress(round: number, elapsedMs: readonly number[]): void;
}

/** Who is first takes turns, so that a machine that slows down slows all of them. */
export async function wholeRuns<const T extends readonly Program[]>(
  programs: T,
  { rounds, warmUp, environment, progress }: Course,
): Promise<{ readonly [K in keyof T]: WholeRuns }> {
  const words = ['-I', '-c', PROGRAM, JSON.stringify(warmUp + rounds), JSON.stringify(programs)];
  const child = spawn('python3', words, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const counted: (readonly RunFigures[])[] = [];
  let round = -warmUp;
  for await (const line of createInterface({ input: child.stdout })) {
    if (round++ < 0) continue;
    const runs = JSON.parse(line) as readonly RunFigures[];
    counted.push(runs);
    progress(
      round,
      runs.map(([elapsedMs]) => elapsedMs),
    );
  }
  const [code] = await ended;
  if (code !== 0) throw new Error('A program that was to be measured failed; what it said stands above.');
  const pick = (index: number, of: 0 | 1 | 2) => counted.map((runs) => runs[index]?.[of] ?? Number.NaN);
  const figures = programs.map((_, index) => ({
    elapsedMs: pick(index, 0),
    peakKib: pick(index, 1),
    cpuMs: pick(index, 2),
  }));
  return figures as { readonly [K in keyof T]: WholeRuns };
}
