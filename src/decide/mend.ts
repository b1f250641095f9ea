// SPDX-License-Identifier: Apache-2.0
/**
 * Mending a node's own files while its server serves (docs/protocol.md, "Files 3"). Pure.
 *
 * The server has read these files and goes on, but after its next start it would be no voter without them. It is not
 * stopped for this. Two nodes that stop at once could cost the quorum, and neither would start again.
 */
import { ownClaims } from '../facts/own-claim.ts';
import { lacksVolume, unreadable } from '../model/disk.ts';
import { listed, strangeLines } from '../model/member.ts';
import type { Ensemble, Observation } from '../model/observation.ts';
import type { LineageRecord } from '../model/records.ts';
import { type Decision, take } from '../model/step.ts';

export function decideMend(observation: Observation, newest: LineageRecord, ensemble: Ensemble): Decision | undefined {
  const { disk, server, shared, self } = observation;
  if (server.upMs === undefined || server.answer.kind !== 'serving' || disk.fence || !shared.known) return undefined;
  // A file that a newer release has written is left as it is.
  const missing = (['id', 'stamp', 'config'] as const).filter(
    (what) => disk[what] === undefined && !unreadable(disk, what)?.newer,
  );
  const unnamed = lacksVolume(disk);
  if ((missing.length === 0 && !unnamed) || strangeLines(ensemble.config).length > 0) return undefined;
  const voter = ensemble.config.members.find(
    (member) => member.address === self.address && member.role === 'participant',
  );
  if (voter === undefined || (disk.id !== undefined && disk.id !== voter.id)) return undefined;
  // The claim, the committed config and the server that serves must agree.
  if (
    !ownClaims(observation, shared.value).some((claim) => listed(ensemble.config, claim.id, self.address) === voter)
  ) {
    return undefined;
  }
  const { version, members } = ensemble.config;
  const lost = `its ${missing.join(' and ')} can't be read from its disk any more`;
  const why = missing.length === 0 ? `its stamp does not name volume ${disk.volume}, which holds its data` : lost;
  // Files 3: written anew while the server runs.
  return take(
    { kind: 'mend-files', id: voter.id, lineage: newest.number, config: { version, members } },
    `This node votes as member ${voter.id}, and ${why}: written anew.`,
  );
}
