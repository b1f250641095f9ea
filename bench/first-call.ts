// SPDX-License-Identifier: Apache-2.0
/**
 * How long an agent takes from its start to its first AWS call: what every run that finds something to do begins with.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

const LIMIT_MS = 60_000;

/** Milliseconds; AWS is a listener that hangs up on everybody. The agent is ended with its first call. */
export async function firstCallMs(command: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The listener has no port.');
  const [program = '', ...words] = command;
  const startedMs = performance.now();
  const child = spawn(program, words, {
    env: { ...environment, AWS_ENDPOINT_URL: `http://127.0.0.1:${address.port}` },
    stdio: 'ignore',
  });
  const ended = once(child, 'close');
  try {
    const first = once(server, 'connection', { signal: AbortSignal.timeout(LIMIT_MS) }).then(() => performance.now());
    const lastMs = await Promise.race([first, ended.then(() => undefined)]);
    if (lastMs === undefined) throw new Error(`${command.join(' ')} ended without an AWS call.`);
    return lastMs - startedMs;
  } finally {
    child.kill('SIGKILL');
    await ended;
    server.close();
  }
}
