// SPDX-License-Identifier: Apache-2.0
/** Steps that give a node its id. */

import { AgentError } from '../errors.ts';
import type { Step } from '../model/step.ts';
import { claimId, restoreStream, voidClaim } from '../registry/claims.ts';
import { noteDead } from '../registry/dead.ts';
import { type ActContext, changed } from './context.ts';
import { keepStill } from './still.ts';

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

/** First the claim, then the id on the disk. After a crash between the two, the next run does `write-id`. */
export async function actClaimId(step: Of<'claim-id'>, context: ActContext): Promise<void> {
  const { ports, self, signal } = context;
  const owner = { instance: self.instance, address: self.address };
  const outcome = await claimId(ports, step.id, step.generation, owner, signal);
  if (outcome === 'taken') throw changed(`Another node was first to claim ${step.id}.${step.generation}.`);
  // A running server has read its old id already, and would go on under it.
  if ((await ports.server.state(signal)).kind === 'running') return;
  await ports.server.stop(signal);
  await ports.disk.writeId(step.id);
}

export async function actVoidClaim(step: Of<'void-claim'>, { ports, signal }: ActContext): Promise<void> {
  await voidClaim(ports, step.id, step.generation, signal);
}

/** Nothing depends on the stream of a claim that has its owner. A node that can't make it anew goes on without it. */
export async function actRestoreStream(step: Of<'restore-stream'>, { ports, signal }: ActContext): Promise<void> {
  try {
    await restoreStream(ports, step.id, step.generation, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AgentError)) throw error;
    ports.log.write({
      event: 'no-stream',
      saw: `The log stream ${step.id}.${step.generation} could not be made anew: ${error.message}`,
    });
  }
}

export async function actWriteId(step: Of<'write-id'>, { ports, signal }: ActContext): Promise<void> {
  await keepStill({ ports, signal });
  await ports.disk.writeId(step.id);
}

export async function actNoteDead(step: Of<'note-dead'>, { ports, signal }: ActContext): Promise<void> {
  for (const instance of step.instances) await noteDead(ports.objects, instance, signal);
}

/** Tags are for people and permit nothing, so a node whose tags can't be written is ready anyway. */
export async function actMarkReady(step: Of<'mark-ready'>, { ports, self, signal }: ActContext): Promise<void> {
  const finished = new Date(ports.clock.nowMs()).toISOString();
  try {
    await ports.ec2.tag(self.instance, { zookeeper_id: String(step.id), bootstrap_finished_time: finished }, signal);
  } catch (error) {
    signal.throwIfAborted();
    ports.log.write({ event: 'untagged', saw: `The tags of ${self.instance} could not be written: ${String(error)}` });
  }
  await ports.disk.mark('ready');
}
