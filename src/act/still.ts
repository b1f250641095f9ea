// SPDX-License-Identifier: Apache-2.0
import type { ActContext } from './context.ts';
import { changed } from './context.ts';

/**
 * Server 1: every change of the server's files begins with this. A server that runs now started after the decision was
 * made. A server that does not run is stopped all the same. Between two starts by its supervisor it looks as if it did
 * not run, and it would start on half of the change.
 */
export async function keepStill({ ports, signal }: Pick<ActContext, 'ports' | 'signal'>): Promise<void> {
  if ((await ports.server.state(signal)).kind === 'running') throw changed('The server started meanwhile.');
  await ports.server.stop(signal);
}
