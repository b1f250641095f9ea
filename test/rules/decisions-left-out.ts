// SPDX-License-Identifier: Apache-2.0
import type { LeftOut } from './left-out.ts';

/** A rule of `decide`, and the row of test/decide/cases that is decided otherwise without it. */
export interface DecisionLeftOut extends LeftOut {
  readonly row: string;
}

export const DECISIONS_LEFT_OUT: readonly DecisionLeftOut[] = [
  {
    rule: 'Claims 4: a generation without an owner is unknown for 15 minutes',
    file: 'decide/claim.ts',
    search: 'claim.ageMs <= observation.limits.ownerUnknownMs',
    replace: 'claim.ageMs <= 0',
    row: 'Claims 4: a young claim without owner is unknown',
  },
  {
    rule: 'Claims 5: no server starts under an id that the config gives to another address',
    file: 'facts/own-claim.ts',
    search: 'member.id === id && member.address !== address',
    replace: 'false',
    row: 'Claims 5: the config gives the id to another address',
  },
  {
    rule: 'Claims 8: no server stops for a successor that is gone for good',
    file: 'decide/decide.ts',
    search: 'owner.instance === self.instance || isGone(observation, owner.instance)',
    replace: 'owner.instance === self.instance',
    row: 'Claims 8: no server stops for a successor that is gone for good',
  },
  {
    rule: 'Genesis 1: the first ensemble waits for as many nodes as the group desires',
    file: 'decide/genesis.ts',
    search: 'desired < 1 || seen.length < desired',
    replace: 'desired < 1',
    row: 'Genesis 1: one node is missing',
  },
  {
    rule: 'Genesis 3: a server of an older record does not run',
    file: 'decide/decide.ts',
    search: 'if (newest && disk.stamp && disk.stamp.lineage < newest.number) {',
    replace: 'if (newest && disk.stamp && disk.stamp.lineage < 0) {',
    row: 'Genesis 3: a running server of an older record stops',
  },
  {
    rule: 'Genesis 5: where a majority has started, an operator decides',
    file: 'decide/genesis.ts',
    search: 'return started * 2 <= record.members.length;',
    replace: 'return started <= record.members.length;',
    row: 'Genesis 5: a majority started so the operator decides',
  },
  {
    rule: 'Joining 4: a joiner has reached the zxid of the leader',
    file: 'decide/join.ts',
    search: "answer.kind !== 'serving' || answer.zxid < ensemble.zxid",
    replace: "answer.kind !== 'serving'",
    row: 'Joining 4: a joiner behind the leader waits',
  },
  {
    rule: 'Joining 7: a node that its own config does not list starts beside it as an observer',
    file: 'decide/join-alone.ts',
    search: 'if (disk.config === undefined) return joinOnFirst(observation, newest);',
    replace: 'return joinOnFirst(observation, newest);',
    row: 'Joining 7: a joiner with data and no leader starts as observer',
  },
  {
    rule: 'Joining 8: a node that is to be terminated does not join',
    file: 'decide/leave.ts',
    search: "return observation.targetState.known && observation.targetState.value === 'Terminated';",
    replace: 'return false;',
    row: 'Joining 8: a node that is to terminate does not join',
  },
  {
    rule: 'Joining 11: beside a line that nobody understands nobody is removed',
    file: 'decide/remove.ts',
    search: 'const lines = whatLinesHold(ensemble.config);',
    replace: 'const lines = undefined;',
    row: 'Joining 11: nobody is removed beside such a line',
  },
  {
    rule: 'Joining 11: no quorum is called lost by a config with such a line',
    file: 'decide/lost.ts',
    search: 'return whatLinesHold(report.config) ?? whatLinesHold(report.pending);',
    replace: 'return undefined;',
    row: 'Joining 11: no quorum is called lost by a config with such a line',
  },
  {
    rule: 'Leaving 5: a group is at zero only when its maximum is, too',
    file: 'decide/leave.ts',
    search: 'group.value.desired === 0 && group.value.maximum === 0',
    replace: 'group.value.desired === 0',
    row: 'Leaving 5: a maximum above zero is not zero',
  },
  {
    rule: 'Recovery 1: a node that can’t vote fences before its first report',
    file: 'decide/recover.ts',
    search: 'if (!able && !disk.fence) {',
    replace: 'if (!able && disk.fence === null) {',
    row: 'Recovery 1: a wiped node fences before its first report',
  },
  {
    rule: 'Recovery 2: a voter withdraws the report that is left over',
    file: 'decide/join.ts',
    search: 'if (disk.reported)',
    replace: 'if (!disk.ready && disk.reported)',
    row: 'Recovery 2: a voter withdraws a left over report',
  },
  {
    rule: 'Recovery 4: a quorum that is not lost after all lifts the fence',
    file: 'decide/recover.ts',
    search: `    if (able && disk.fence) {
      return take(`,
    replace: `    if (disk.fence === null) {
      return take(`,
    row: 'Recovery 4: a quorum that is back lifts the fence',
  },
  {
    rule: 'Recovery 8: nothing empty takes the place of lost data unasked',
    file: 'decide/force.ts',
    search: 'if (!asked && !unasked) {',
    replace: 'if (!asked && asked) {',
    row: 'Recovery 8: everything is gone so the new nodes wait',
  },
  {
    rule: 'Server 3: each fresh config doubles the wait for the next one',
    file: 'decide/spared.ts',
    search: '2 ** Math.min(lately?.freshConfigs ?? 0, DOUBLINGS)',
    replace: '2 ** Math.min(0, DOUBLINGS)',
    row: 'Server 3: each fresh config doubles the wait for the next one',
  },
  {
    rule: 'Server 4: data is set aside at most three times an hour',
    file: 'decide/aside.ts',
    search: 'times >= ASIDES_AN_HOUR',
    replace: 'times > ASIDES_AN_HOUR',
    row: 'Server 4: nothing is set aside a fourth time within an hour',
  },
  {
    rule: 'Server 4: data is set aside only while a fifth of the disk is free',
    file: 'decide/aside.ts',
    search: 'disk.freeShare < LEAST_FREE_SHARE',
    replace: 'disk.freeShare < 0.1',
    row: 'Server 4: below a fifth nothing is set aside',
  },
  {
    rule: 'Server 4: with exactly a fifth free it is',
    file: 'decide/aside.ts',
    search: 'disk.freeShare < LEAST_FREE_SHARE',
    replace: 'disk.freeShare <= LEAST_FREE_SHARE',
    row: 'Server 4: with a fifth of the disk free data is set aside',
  },
  {
    rule: 'Advice 5: an empty ensemble comes last',
    file: 'decide/advise.ts',
    search: "{ action: 'find-data', when: [] },",
    replace: '',
    row: 'Advice 5: when nobody has data what was stopped comes first',
  },
  {
    rule: 'Advice 6: what nobody vouches for is moved away only beside a leader',
    file: 'model/advice.ts',
    search: "when: [{ is: 'leader' }, { is: 'nothing-else-helps' }]",
    replace: "when: [{ is: 'nothing-else-helps' }]",
    row: 'Advice 6: data without a stamp is moved away only beside a leader',
  },
  {
    rule: 'Advice 7: a disk that is short of space is told of beside every reason',
    file: 'decide/advise.ts',
    search: "return isShort && told.kind !== 'step' ?",
    replace: "return !isShort && told.kind !== 'step' ?",
    row: 'Advice 7: a disk that is short of space is told of beside everything else',
  },
];
