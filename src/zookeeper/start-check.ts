// SPDX-License-Identifier: Apache-2.0
import { AgentError } from '../errors.ts';

/** What keeps the server from starting. The unit of the image looks for the same two files. */
export type Forbidding = 'fence' | 'no-stamp';

/** Rejects while something forbids the start. `server` names the server that is not started. */
export async function refuseWhileForbidden(
  whatForbids: () => Promise<Forbidding | undefined>,
  server: string,
): Promise<void> {
  switch (await whatForbids()) {
    case 'fence':
      throw new AgentError(
        'FENCED',
        `${server} is not started: this node has fenced itself while the ensemble is recovered.`,
        'Nothing by hand: the recovery lifts the fence. "zk-agent status" says what it waits for.',
      );
    case 'no-stamp':
      throw new AgentError(
        'DATA_WITHOUT_STAMP',
        `${server} is not started: there is no stamp beside its data, so nobody knows which ensemble it may vote in.`,
        'Nothing by hand: the agent writes the stamp before it starts the server. "zk-agent status" says what it waits for.',
      );
  }
}
