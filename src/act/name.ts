// SPDX-License-Identifier: Apache-2.0
/** Steps that give a voter its name (docs/protocol.md, "Names"). */
import { AgentError } from '../errors.ts';
import type { NameRecord } from '../model/names.ts';
import type { Step } from '../model/step.ts';
import type { Names } from '../ports.ts';
import { claimPlace, isClaimed } from '../registry/places.ts';
import { type ActContext, changed } from './context.ts';

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

/**
 * Names 2: the claims were listed after the config was read, so an owner may have been added in between. If the config
 * is still the same one, it was not.
 */
export async function actClaimPlace(step: Of<'claim-place'>, context: ActContext): Promise<void> {
  const { ports, self, signal } = context;
  const session = await ports.servers.open(self.address, { secret: false }, signal);
  try {
    const config = await session.config(signal);
    if (config.version !== step.fromVersion) throw changed('The config has moved on, and so may the places have.');
    if (!config.members.some(({ address }) => address === self.address)) throw changed('This node votes no more.');
  } finally {
    await session.close();
  }
  const owner = { instance: self.instance, address: self.address };
  if ((await claimPlace(ports.objects, step, owner, signal)) === 'taken') {
    throw changed(`Another node was first to claim place ${step.place}.`);
  }
}

/** Names 3: the batch takes away exactly what was read. Names 4: the note comes after Route 53 said INSYNC. */
export async function actWriteName(step: Of<'write-name'>, { ports, signal }: ActContext): Promise<void> {
  const { place, generation } = step;
  if (await isClaimed(ports.objects, { place, generation: generation + 1 }, signal)) {
    throw changed(`Place ${place} has passed on.`);
  }
  await replace(namesOf(ports), step.there, step.wanted, signal);
  await ports.disk.noteName(place, generation);
}

export async function actRemoveNames(step: Of<'remove-names'>, { ports, signal }: ActContext): Promise<void> {
  await replace(namesOf(ports), step.there, [], signal);
}

async function replace(
  names: Names,
  there: readonly NameRecord[],
  wanted: readonly NameRecord[],
  signal: AbortSignal,
): Promise<void> {
  const answer = await names.replace(there, wanted, signal);
  if (answer === 'conflict') throw changed('The records are not the ones any more that were read.');
}

function namesOf({ names }: ActContext['ports']): Names {
  if (names) return names;
  throw new AgentError('BAD_SETTINGS', 'There is no zone for names.', 'Set ZONE_ID and NAMES_DOMAIN of this node.');
}
