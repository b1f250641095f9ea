// SPDX-License-Identifier: Apache-2.0
/**
 * The client of the image's tests: it runs in the lab's network namespace, where the servers' addresses are, and does
 * over its channel what client.ts asks for.
 */
import { callLab } from '../../lab/commands/lab-client.ts';
import { numbersAt } from '../../lab/demo/reader.ts';
import { Writer } from '../../lab/demo/writer.ts';
import type { Answers, Request } from './client.ts';

const [, , lab = ''] = process.argv;
const writer = new Writer(() => callLab(lab, 'connect', {}));
const work: { readonly [K in keyof Answers]: (argument: Request['argument']) => Promise<Answers[K]> } = {
  start: async () => void writer.start(),
  acknowledged: async () => {
    writer.check();
    return writer.acknowledged;
  },
  longestGapMs: async () => writer.takeLongestGapMs(),
  stop: async () => void (await writer.stop()),
  numbersAt: ({ address = '', synced = false }) => numbersAt(address, synced),
};

process.on('message', ({ number, what, argument }: Request) => {
  work[what](argument).then(
    (value) => process.send?.({ number, value: value ?? null }),
    (error: unknown) => process.send?.({ number, error: String(error) }),
  );
});
// Who asked is gone, so nobody needs the rest.
process.on('disconnect', () => process.exit());
