// SPDX-License-Identifier: Apache-2.0
/** One contestant: node-zookeeper-client, from the folder in BENCH_MODULES. Arguments and output: see contest.ts. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { measure, workloadOf } from './load.ts';

interface OldClient {
  once(event: 'connected', then: () => void): void;
  connect(): void;
  close(): void;
  getData(path: string, done: (error: Error | null) => void): void;
  setData(path: string, data: Buffer, version: number, done: (error: Error | null) => void): void;
}

const { servers, path, operation, inFlight, bytes, ...times } = workloadOf(process.argv);
const load = createRequire(join(process.env.BENCH_MODULES ?? '.', 'package.json'));
const client = (load('node-zookeeper-client') as { createClient(servers: string): OldClient }).createClient(servers);
const data = Buffer.alloc(bytes, 'x');
await new Promise<void>((resolve) => {
  client.once('connected', resolve);
  client.connect();
});
const call = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (error: Error | null): void => (error ? reject(error) : resolve());
    if (operation === 'get') client.getData(path, done);
    else client.setData(path, data, -1, done);
  });
process.stdout.write(`${JSON.stringify(await measure(call, { inFlight, ...times }))}\n`);
client.close();
