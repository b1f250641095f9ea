/**
 * Peak memory of whole runs of a program, from the kernel's accounting (ru_maxrss). Python starts and waits for them:
 * Node can't ask for a single child's, and a child begins with the peak of the process that started it, which has to be
 * a small one.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const PROGRAM = `
import json, os, sys
runs, commands = json.loads(sys.argv[1]), json.loads(sys.argv[2])
peaks = [[] for _ in commands]
quiet = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
for _ in range(runs):
    for index, command in enumerate(commands):
        child = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
        _, status, usage = os.wait4(child, 0)
        if status != 0:
            sys.exit("%s ended with status %d" % (command[0], status))
        peaks[index].append(usage.ru_maxrss)
print(json.dumps(peaks))
`;

/** KiB of each run of each command, in turn; the programs by their paths. */
export async function peakMemoryKib(
  commands: readonly (readonly string[])[],
  rounds: number,
  environment: NodeJS.ProcessEnv,
): Promise<readonly (readonly number[])[]> {
  const words = ['-I', '-c', PROGRAM, JSON.stringify(rounds), JSON.stringify(commands)];
  const { stdout } = await promisify(execFile)('python3', words, { env: environment });
  return JSON.parse(stdout);
}
