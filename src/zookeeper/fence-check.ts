import { AgentError } from '../errors.ts';

/** Rejects with FENCED when the node's fence stands. `server` names what is not started. */
export async function refuseWhileFenced(isFenced: () => Promise<boolean>, server: string): Promise<void> {
  if (await isFenced()) {
    throw new AgentError(
      'FENCED',
      `${server} is not started: this node has fenced itself while the ensemble is recovered.`,
      'Nothing by hand: the recovery lifts the fence. "zk-agent status" says what it waits for.',
    );
  }
}
