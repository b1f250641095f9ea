// SPDX-License-Identifier: Apache-2.0
/** One contestant: this project's client. Arguments and output: see contest.ts. */
import { connect } from '../../src/client/index.ts';
import { measure, workloadOf } from './load.ts';

const { servers, path, operation, inFlight, bytes, ...times } = workloadOf(process.argv);
const client = await connect({ servers, maxInFlight: inFlight });
const data = Buffer.alloc(bytes, 'x');
const call = operation === 'get' ? () => client.get(path) : () => client.set(path, data);
process.stdout.write(`${JSON.stringify(await measure(call, { inFlight, ...times }))}\n`);
await client.close();
