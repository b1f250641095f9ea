// SPDX-License-Identifier: Apache-2.0
/** What a person may do about members that somebody added by hand. */
import type { Advice, Precondition } from '../model/advice.ts';
import type { EnsembleConfig, Member } from '../model/member.ts';
import type { GoneMember } from '../model/records.ts';

/** Recovery 3: only a person can stop such a server. */
export function stopAdded(members: readonly Member[]): readonly Advice[] {
  return members.map(({ id, address }) => ({
    action: 'stop-added-server',
    path: `member ${id} at ${address}`,
    when: [{ is: 'no-leader' }, { is: 'still-advised' }],
  }));
}

/** Advice 3: such a voter may still come back, and only a person can start its server. */
export function startAdded(members: readonly Pick<Member, 'id' | 'address'>[]): readonly Advice[] {
  return members.map(({ id, address }) => ({
    action: 'start-added-server',
    path: `member ${id} at ${address}`,
    when: [{ is: 'no-leader' }, { is: 'still-advised' }],
  }));
}

/** Recovery 11: only a person knows that such a server never comes back. `self` is the node on which it is said. */
export function declareGone(words: readonly GoneMember[], self: string): readonly Advice[] {
  return words.map((gone) => {
    const path = `member ${gone.id} at ${gone.address}`;
    return {
      action: 'declare-gone',
      instance: self,
      path,
      gone,
      when: [{ is: 'cannot-start', path }, { is: 'no-leader' }, { is: 'still-advised' }],
      loses: { kind: 'its-disk' },
    };
  });
}

/**
 * Claims 7: beside so many voters that a person added, the agent does not remove the dead. One change by a person
 * removes both. It names the version of the config, since a replacement may have the id and the address of the dead by
 * the time at which the person acts.
 */
export function removeTogether(
  { version }: EnsembleConfig,
  members: readonly Pick<Member, 'id' | 'address'>[],
  first: readonly Precondition[] = [],
): readonly Advice[] {
  const path = members.map(({ id, address }) => `${id} at ${address}`).join(', ');
  const config = { version, leaving: members.map(({ id }) => id) };
  return [{ action: 'remove-members', path, config, when: [...first, { is: 'still-advised' }] }];
}
