// SPDX-License-Identifier: Apache-2.0
/** What the histories of the fixed set do not reach (reached.test.ts), and why. */

/** Why random histories do not reach a place, or hardly any does. */
export interface Unreached {
  readonly why: string;
  /** The test of the decision alone that covers it. Without it a directed case reaches the place. */
  readonly by?: string;
}

/**
 * A look and its step are milliseconds apart. Re-checks are for machines that stand still in between, and for writes
 * that arrive late. In these the world has to change by one exact thing; meanwhile.ts changes it at that moment.
 */
const BETWEEN: Unreached = { why: 'One exact thing has to change between a look and its step.' };

/** By place, what has to happen that hardly any history does. */
export const DIRECTED_ONLY: Readonly<Record<string, Unreached>> = {
  "act/genesis.ts throw changed('There is data on the disk.')": BETWEEN,
  "act/genesis.ts throw changed('This start was announced before, by a disk that was wiped since.')": BETWEEN,
  "act/identity.ts throw changed(`Slot ${slot.id} is not this node's by its newest claim.`)": BETWEEN,
  'act/identity.ts throw changed(`This node goes by id ${step.id} now.`)': BETWEEN,
  "act/join.ts throw changed('A newer lineage record was written meanwhile.')": BETWEEN,
  "act/join.ts throw changed('The server of this node serves now.')": BETWEEN,
  "act/join.ts throw changed(`Whose member ${member.id} is can't be known: ${ownerKey(unread)} can't be read.`)":
    BETWEEN,
  'act/join.ts throw changed(`Member ${member.id} at ${member.address} is ${living} by a claim that no list showed.`)':
    BETWEEN,
  'act/join.ts throw changed(`Only ${serving} of the other ${rest.length} voters serve now.`)': BETWEEN,
  'act/join.ts throw changed(`The config has a line that can\'t be understood: "${line}".`)': BETWEEN,
  "act/join.ts throw changed('They left the config meanwhile.')": BETWEEN,
  "act/lifecycle.ts throw changed('This node does not vote any more.')": BETWEEN,
  "act/lifecycle.ts throw changed('The group is in maintenance.')": BETWEEN,
  "act/lifecycle.ts throw changed('This node does not launch any more.')": BETWEEN,
  'act/lifecycle.ts throw changed(`Record ${newest} was written meanwhile.`)': BETWEEN,
  "act/lifecycle.ts throw changed('This node was added to the config meanwhile.')": BETWEEN,
  "act/mend.ts throw changed('The config has moved on.')": BETWEEN,
  "act/mend.ts throw changed('This node does not vote any more.')": BETWEEN,
  "act/mend.ts throw changed('A newer lineage record was written meanwhile.')": BETWEEN,
  "act/mend.ts throw changed('The config is older than the newest record.')": BETWEEN,
  "act/mend.ts throw changed('A fence was raised meanwhile.')": BETWEEN,
  "act/name.ts throw changed('This node votes no more.')": BETWEEN,
  'act/name.ts throw changed(`Place ${place} has passed on.`)': BETWEEN,
  "act/propose.ts throw changed('The fence is gone.')": BETWEEN,
  "act/propose.ts throw changed('The report of this node is another one by now.')": BETWEEN,
  'act/propose.ts throw changed(`The proposal of record ${record.number} is void.`)': BETWEEN,
  'act/propose.ts throw changed(`The report of ${instance} is another one by now.`)': BETWEEN,
  'act/recover.ts throw changed(`Record ${newest} was written meanwhile; the fence stays.`)': BETWEEN,
  "act/recover.ts throw changed('The fence is gone.')": BETWEEN,
  'act/recover.ts throw changed(`This node may have founded the ensemble of record ${record.number} before.`)': BETWEEN,
  'act/recover.ts throw changed(`Record ${newest} was written meanwhile.`)': BETWEEN,
  "act/recover.ts throw changed(`${unfenced.join(', ')} is not fenced any more.`)": BETWEEN,
  'act/reports.ts throw changed(LATE)': BETWEEN,
  'act/reports.ts throw changed(`Record ${number} was founded meanwhile.`)': BETWEEN,
  "act/service.ts throw changed('A fence was raised meanwhile.')": BETWEEN,
  "act/service.ts throw changed('The data on this disk is another now.')": BETWEEN,
  "act/service.ts throw changed('The config holds this node again.')": BETWEEN,
  "act/still.ts throw changed('The server started meanwhile.')": BETWEEN,
  'Joining 10, act/lifecycle.ts: Joining 10: when an answer is lost, or the call arrives late, this nod': {
    why: 'A launch has to be given up, and its call be on its way.',
  },
  'Claims 7, decide/advise-by-hand.ts: Claims 7: beside so many voters that a person added, the agent does no': {
    why: "Half of the voters that live have to be a person's.",
    by: 'test/decide/by-hand.test.ts',
  },
  'Advice 4, decide/advise.ts: Advice 4: nothing is wrong with the file, and only the release that wr': {
    why: 'All agents of the simulation are of one release.',
    by: 'test/decide/unreadable.test.ts',
  },
  'Server 4, decide/aside.ts: Server 4: at most three times an hour.': {
    why: 'Data has to go bad again and again within an hour.',
    by: 'test/decide/server.test.ts',
  },
  'Server 4, decide/aside.ts: Server 4: free space that is unknown is no room.': {
    why: 'A simulated disk always says how much of it is free.',
    by: 'test/decide/server.test.ts',
  },
  'Claims 8, decide/claim.ts: Claims 8: this node goes by an id on which it has no claim that counts': {
    why: 'Claims have to be out of both lists, or an id be changed by hand.',
  },
  'Genesis 3, decide/decide.ts: Genesis 3: a node that finds a record newer than its stamp joins.': {
    why: 'No server of an older record runs behind the fences: this guards against a fence that was removed.',
    by: 'test/decide/cases/genesis.ts',
  },
  'Server 5, decide/failed-start.ts: Server 5: other data mends none of these.': {
    why: 'Simulated servers fail by their data alone.',
    by: 'test/decide/server.test.ts',
  },
  'Server 5, decide/join.ts: Server 5: the server refuses its config, so beside an ensemble it gets': {
    why: 'Simulated servers fail by their data alone.',
    by: 'test/decide/server.test.ts',
  },
  'Recovery 7, decide/rank.ts: Recovery 7: the record under which this data was written, when its sta': {
    why: 'Data set aside without its stamp has to be the best that is left.',
  },
  "Files 2, decide/stamp-gone.ts: Files 2: all three facts say that the data is this node's own.": {
    why: 'A stamp alone has to be gone, by a hand.',
  },
  'Advice 6, decide/advise.ts: Advice 6: data set aside may be the last good copy until every voter s': {
    why: 'Only `zk-agent status` says it, which the person of a random history does not ask.',
  },
  'Advice 6, model/advice.ts: Advice 6: data of another cluster, or of an unknown one, is kept, and': {
    why: 'No simulated disk has data of another cluster, or data without a stamp that is not its own.',
    by: 'test/decide/advice.test.ts',
  },
};

interface Outside {
  /** Where the rule stands in the code. */
  readonly files: readonly string[];
  /** What proves it. */
  readonly tests: readonly string[];
}

/** Rules of the real disk and the real server, which the simulation has models of: nothing of their code runs there. */
export const OUTSIDE: Readonly<Record<string, Outside>> = {
  'Files 1': { files: ['src/zookeeper/data-directory.ts'], tests: ['test/zookeeper/data-directory.test.ts'] },
  'Server 2': { files: ['src/zookeeper/java-flags.ts'], tests: ['test/zookeeper/long-entry.test.ts'] },
  'Disk 1': { files: ['src/zookeeper/leftovers.ts'], tests: ['test/zookeeper/power-cut.test.ts'] },
  'Disk 2': { files: ['src/zookeeper/leftovers.ts'], tests: ['test/zookeeper/leftovers.test.ts'] },
  'Disk 4': { files: ['src/zookeeper/purge.ts'], tests: ['test/zookeeper/purge.test.ts'] },
};
