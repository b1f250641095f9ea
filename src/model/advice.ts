// SPDX-License-Identifier: Apache-2.0
/**
 * What a person may do, as data (docs/protocol.md, "Advice"): which action, on which instance, and what must hold at
 * that moment. The sentence is made from the data in this file only. In the simulation a person obeys every piece of
 * advice as it is printed, and a checker sees that no data is lost by it.
 */
import type { GoneMember } from './records.ts';
import type { Zxid } from './zxid.ts';

/** What must hold when a person acts, minutes after reading the advice. A person can check each of these. */
export type Precondition =
  /** It is stopped or hangs. */
  | { readonly is: 'not-running'; readonly instance: string }
  /** It was started and rebooted, and does not come up. Nothing on its disk can be read any more. */
  | { readonly is: 'cannot-run'; readonly instance: string }
  /** The server of this member, which somebody added by hand, was started and does not come up, or can't be started. */
  | { readonly is: 'cannot-start'; readonly path: string }
  /** Fewer of these instances can run than the quorum needs. Otherwise a quorum can come back. */
  | { readonly is: 'too-few-can-run'; readonly quorums: readonly AwaitedQuorum[] }
  /** EC2 has never had such an instance. */
  | { readonly is: 'never-was'; readonly instance: string }
  | { readonly is: 'no-leader' }
  | { readonly is: 'leader' }
  /** `zk-agent status`, asked once more, gives the same advice. */
  | { readonly is: 'still-advised' }
  /** The actions before this one were tried and did not help. That shows within minutes. */
  | { readonly is: 'nothing-else-helps' }
  | { readonly is: 'not-wanted' }
  | { readonly is: 'work-is-over' };

export interface AwaitedQuorum {
  readonly needs: number;
  readonly of: readonly string[];
}

export type Action =
  | 'start-instance'
  | 'look-at-log'
  | 'look-at-claims'
  | 'mend-data'
  | 'run-newer-release'
  | 'find-data'
  | 'move-data-away'
  | 'terminate-instance'
  | 'allow-empty-genesis'
  | 'lift-maintenance'
  | 'free-space'
  | 'remove-aside'
  | 'delete-object'
  | 'scale-out'
  | 'stop-added-server'
  | 'start-added-server'
  | 'declare-gone'
  | 'remove-members'
  | 'correct-config'
  | 'right-volume'
  | 'restart-server';

export interface Advice {
  readonly action: Action;
  /** The instance on which the action is done, or to which it is done. */
  readonly instance?: string;
  /** The file or directory that the action is about. */
  readonly path?: string;
  /** The config that the action changes. In another one it changes nothing. */
  readonly config?: { readonly version: Zxid; readonly leaving: readonly number[] };
  /** The word that the action gives. */
  readonly gone?: GoneMember;
  /** All of these must hold at the moment at which the person acts. */
  readonly when: readonly Precondition[];
  /** What the action loses; absent when it loses nothing. */
  readonly loses?: Loss;
  /** The node that recovers then. */
  readonly next?: { readonly id: number; readonly instance: string };
}

export type Loss =
  /** What is on the disk of this instance and nowhere else. */
  | { readonly kind: 'its-disk' }
  | { readonly kind: 'that-data' }
  /** What the data holds after this zxid, until somebody mends the data that was kept. */
  | { readonly kind: 'after'; readonly zxid: Zxid }
  | { readonly kind: 'everything' };

/** The words for a sentence whose advice names no instance. */
const HERE = 'this node';

function orderOf({ action, path = 'the data directory', config, gone }: Advice, where: string): string {
  switch (action) {
    case 'start-instance':
      return `start ${where}, or reboot it`;
    case 'look-at-log':
      return `look at the agent's log of ${where}`;
    case 'look-at-claims':
      return 'look at "claims" and "lives" in "zk-agent status --json" for owners that are unknown for long';
    case 'mend-data':
      return `copy the whole data directory of ${where} to another disk, then mend ${path}${isAside(path) ? ' and remove its facts.json' : ''}`;
    case 'run-newer-release':
      return `run the release of zk-agent that wrote ${path} on ${where}, or a newer one`;
    case 'find-data':
      return 'start every old instance that is only stopped, attach every volume that is still there, and stop every server that somebody added by hand: it may have the last data, and loses it when it follows an empty ensemble';
    case 'move-data-away':
      if (isAside(path)) return `move ${path} of ${where} to another directory, and keep it`;
      return `rename ${path} of ${where}, and keep it`;
    case 'terminate-instance':
      return `terminate ${where}`;
    case 'allow-empty-genesis':
      return `run "zk-agent recovery --allow-empty-genesis" on ${where}`;
    case 'lift-maintenance':
      return 'run "zk-agent maintenance off"';
    case 'free-space':
      return `free space on the disk of ${where}, or enlarge it`;
    case 'remove-aside':
      return `run "rm -r -- '${path}'" on ${where}`;
    case 'delete-object':
      return `delete the object ${path} of the bucket`;
    case 'scale-out':
      return 'raise the desired size of the group';
    case 'stop-added-server':
      return `stop the server of ${path}, which somebody added by hand`;
    case 'start-added-server':
      return `start the server of ${path}, which somebody added by hand`;
    case 'declare-gone':
      return `run "zk-agent declare-gone ${gone?.id} ${gone?.address}" on ${where}`;
    case 'remove-members':
      return `remove the members ${path} with "reconfig -v ${config?.version} -remove ${config?.leaving.join(',')}" of zkCli.sh; a server that somebody added by hand can come back as an observer`;
    case 'correct-config':
      return 'take what the agent does not understand out of the config with a reconfig of newMembers, or change the members by hand';
    case 'right-volume':
      return `attach the right volume to ${where}, or correct its settings`;
    case 'restart-server':
      return `restart the ZooKeeper service of ${where}`;
  }
}

/** Whether this is data set aside: a folder in `aside`. Such data counts as long as it is there. */
export function isAside(path: string): boolean {
  return /(^|\/)aside\/[^/]+$/.test(path);
}

function wordsOf(condition: Precondition): string {
  switch (condition.is) {
    case 'not-running':
      return `${condition.instance} is stopped or hangs`;
    case 'cannot-run':
      return `${condition.instance} was started and rebooted and can't run any more`;
    case 'cannot-start':
      return `the server of ${condition.path} is gone for good, or was started and never comes up`;
    case 'too-few-can-run':
      return condition.quorums.map(({ needs, of }) => `fewer than ${needs} of ${of.join(', ')} can run`).join(', or ');
    case 'never-was':
      return `EC2 and the claims name no instance ${condition.instance}`;
    case 'no-leader':
      return '"zk-agent status" names no leader on any node';
    case 'leader':
      return '"zk-agent status" names a leader on another node';
    case 'still-advised':
      return '"zk-agent status", asked once more, still says so';
    case 'nothing-else-helps':
      return 'nothing else has helped within five minutes';
    case 'not-wanted':
      return 'nobody wants that data back';
    case 'work-is-over':
      return 'the work that it was for is over';
  }
}

/** Claims 7. With its data it would keep what the next ensemble does not have. */
const EMPTY_UNDER_THE_NEXT = 'After a recovery by force it starts only once its data directory was moved away.';

/** One sentence, for people. */
export function adviceSentence(advice: Advice): string {
  const { instance = HERE, when, loses, next } = advice;
  const order = orderOf(advice, instance);
  const conditions = when.map(wordsOf);
  const limits = conditions.length > 0 ? `Only if ${conditions.join('; and ')}: ` : '';
  const told = limits === '' ? `${order.charAt(0).toUpperCase()}${order.slice(1)}.` : `${limits}${order}.`;
  const parts = [told];
  if (advice.action === 'stop-added-server') parts.push(EMPTY_UNDER_THE_NEXT);
  if (loses) parts.push(lossSentence(loses));
  if (next) parts.push(`Node ${next.id} (${next.instance}) recovers then.`);
  return parts.join(' ');
}

/** One sentence, for people. */
export function lossSentence(loss: Loss): string {
  return `That loses ${lossOf(loss)}.`;
}

function lossOf(loss: Loss): string {
  switch (loss.kind) {
    case 'its-disk':
      return 'what its disk alone holds, acknowledged writes among it';
    case 'that-data':
      return 'what stands in that data alone';
    case 'after':
      return `what stands in that data after zxid ${loss.zxid}, acknowledged writes among it, until somebody mends it`;
    case 'everything':
      return 'everything that the cluster ever held';
  }
}

/** All advice, in the order in which a person tries it. Empty when a person has nothing to do. */
export function adviceText(advice: readonly Advice[]): string {
  return advice.map(adviceSentence).join(' ');
}

/** A file that can't be understood may be part of the last good copy, so the first thing to do is to copy it. */
export function mendFile(path: string): string {
  return adviceText([{ action: 'mend-data', path, when: [] }]);
}

/** Its disk is full. The next run goes on by itself. */
export const FREE_SPACE = adviceText([{ action: 'free-space', when: [] }]);

/** Its server hangs in the kernel, most often on its disk. The data stays. */
export const REBOOT = adviceText([{ action: 'start-instance', when: [] }]);

/** A server reads its secret at its start. Without it a quorum may be lost, so another node has to lead. */
export const RESTART_SERVER = adviceText([{ action: 'restart-server', when: [{ is: 'leader' }] }]);

/**
 * Advice 6: data of another cluster, or of an unknown one, is kept, and moved away only beside an ensemble that serves.
 */
export function refusedData(instance?: string): readonly Advice[] {
  const where = instance === undefined ? {} : { instance };
  return [
    { action: 'right-volume', ...where, when: [] },
    { action: 'move-data-away', ...where, path: 'version-2', when: [{ is: 'leader' }, { is: 'nothing-else-helps' }] },
  ];
}
