// SPDX-License-Identifier: Apache-2.0
/** Which of its claims a node uses, and by which id it goes (docs/protocol.md, "Claims"). Pure. */
import { highestGenerations } from '../model/claims.ts';
import { unreadable } from '../model/disk.ts';
import { type EnsembleConfig, listed } from '../model/member.ts';
import type { Observation, Shared } from '../model/observation.ts';
import type { Claim, ClaimOwner } from '../model/records.ts';

/** What tells by which id a node goes. */
type Claiming = Pick<Observation, 'self' | 'disk' | 'ensemble'>;

type Owned = Claim & { readonly owner: ClaimOwner };

/** The claims that this node owns: it made the highest generation (Claims 2). */
export function ownClaims({ self }: Pick<Claiming, 'self'>, shared: Shared): readonly Owned[] {
  return [...highestGenerations(shared.claims).values()].filter(
    (claim): claim is Owned => typeof claim.owner === 'object' && claim.owner.instance === self.instance,
  );
}

/** Claims 5: the config decides last. An id that it gives to another address is not ours, whatever the claim says. */
function givenAway(id: number, address: string, configs: readonly EnsembleConfig[]): boolean {
  return configs.some((config) => config.members.some((member) => member.id === id && member.address !== address));
}

/** The configs that bind: the committed one of the ensemble that answers, and a pending one that may still commit. */
export function bindingConfigs({ disk, ensemble }: Claiming): readonly EnsembleConfig[] {
  const configs: EnsembleConfig[] = [];
  if (ensemble) configs.push(ensemble.config);
  const pending = disk.pending;
  if (pending && (!ensemble || pending.version > ensemble.config.version)) configs.push(pending);
  return configs;
}

/**
 * The claim that this node uses. A lost answer may have left it with several. The first that exists is taken:
 *
 * 1. The one under which a binding config lists this node. A wiped disk does not know this id any more. Under another
 * id the node would find its own address taken for ever.
 * 2. The one that its stamp and the config on its disk name.
 * 3. The one for the id on its disk.
 * 4. The lowest usable one.
 */
export function chosenClaim(claiming: Claiming, shared: Shared): Owned | undefined {
  const { disk } = claiming;
  const configs = bindingConfigs(claiming);
  const usable = ownClaims(claiming, shared).filter(({ id, owner }) => !givenAway(id, owner.address, configs));
  const standing = standingId(claiming);
  return (
    usable.find(({ id, owner }) => configs.some((config) => listed(config, id, owner.address))) ??
    usable.find((claim) => claim.id === standing) ??
    usable.find((claim) => claim.id === disk.id) ??
    usable[0]
  );
}

/**
 * Claims 8: the id under which the stamp of this disk and a config (committed, pending, or on the disk) name this node
 * at its own address. A node that does not see its claim does not give this id up.
 */
export function standingId(claiming: Claiming): number | undefined {
  const { disk, self } = claiming;
  // Although the stamp can't be read, it may name the same id as the disk.
  const id = disk.stamp?.id ?? (unreadable(disk, 'stamp') ? disk.id : undefined);
  const configs = bindingConfigs(claiming);
  if (id === undefined || givenAway(id, self.address, configs)) return undefined;
  const named = [...configs, disk.config].some((config) => listed(config, id, self.address) !== undefined);
  return named ? id : undefined;
}
