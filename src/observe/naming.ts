// SPDX-License-Identifier: Apache-2.0
import type { Known } from '../model/cloud.ts';
import type { DiskFacts } from '../model/disk.ts';
import { listed } from '../model/member.ts';
import type { Naming } from '../model/names.ts';
import type { Ensemble } from '../model/observation.ts';
import { readPlaces } from '../registry/places.ts';
import { attempt } from './attempt.ts';
import type { Look } from './look.ts';

/**
 * The names and the places, for a voter of a cluster that has a zone. Undefined for everybody else, without any call.
 *
 * Names 3: the records are read before the claims on places. So whoever still sees itself as the owner did not read the
 * records of a successor.
 */
export async function observeNaming(
  { ports, self, zone }: Look,
  disk: DiskFacts,
  ensemble: Ensemble | undefined,
  signal: AbortSignal,
): Promise<Known<Naming> | undefined> {
  const { names } = ports;
  const votes = ensemble && listed(ensemble.config, disk.id, self.address)?.role === 'participant';
  if (!zone || !names || !votes) return undefined;
  return attempt(async () => {
    const records = await names.read(signal);
    return { records, places: await readPlaces(ports.objects, signal) };
  }, signal);
}
