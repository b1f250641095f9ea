// SPDX-License-Identifier: Apache-2.0
/** What a person may do about members that somebody added by hand. */
import type { Advice } from '../model/advice.ts';
import type { Member } from '../model/member.ts';

/** Recovery 3: nobody else can stop such a server. */
export function stopAdded(members: readonly Member[]): readonly Advice[] {
  return members.map(({ id, address }) => ({
    action: 'stop-added-server',
    path: `member ${id} at ${address}`,
    when: [{ is: 'no-leader' }, { is: 'still-advised' }],
  }));
}

/** Lost for good: nobody knows that such a voter can't come back, and nobody but a person can start its server. */
export function startAdded(members: readonly Pick<Member, 'id' | 'address'>[]): readonly Advice[] {
  return members.map(({ id, address }) => ({
    action: 'start-added-server',
    path: `member ${id} at ${address}`,
    when: [{ is: 'no-leader' }, { is: 'still-advised' }],
  }));
}

/** Claims 7: beside so many voters of a person's the dead are not removed, and one change takes both out. */
export function removeTogether(members: readonly Pick<Member, 'id' | 'address'>[]): readonly Advice[] {
  const path = members.map(({ id, address }) => `${id} at ${address}`).join(', ');
  return [{ action: 'remove-members', path, when: [{ is: 'still-advised' }] }];
}
