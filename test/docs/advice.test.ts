// SPDX-License-Identifier: Apache-2.0
/**
 * Texts that tell a person to act (docs/protocol.md, "Advice 1"). What can destroy something, or end a quorum, is said
 * by the advice data alone: in the code, in README.md and in the runbook. What else asks for an act, such as to look or
 * to correct a setting, stands in the `next` of an error.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { type Action, type Advice, adviceSentence } from '../../src/model/advice.ts';
import { textsOf } from './source-texts.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Where the sentences are made. */
const ADVICE = 'src/model/advice.ts';
/** What a person at `zk-agent zk` does next with znodes of their own, which are no node's data. */
const ZNODE_ADVICE = 'src/zk/next-step.ts';
/** The words of the command line: what a command does, and not what a person is to do. */
const ARGUMENT_READERS = new Set(['src/commands/arguments.ts', 'src/plain-arguments.ts']);

/** Acts that can take data, a node or a member away. */
const DESTRUCTIVE =
  'terminate|delete|remove|wipe|erase|discard|drop|destroy|overwrite|replace|move|throw|give .{1,40}\\bup|rm -';
/**
 * Acts on machines, servers, disks and members: at the wrong moment each of them can end a quorum, or bring old data
 * back.
 */
const STRONG =
  'start|restart|reboot|stop|kill|launch|attach|detach|switch|put|free|bring|mend|repair|restore|rename|enlarge|' +
  'raise|lower|lift|complete';
const OTHERS = `${STRONG}|take|look|read|check|run|set|write|copy|correct|compare|call|ask|turn|make|let|try|use|create|choose|wait|scale|add`;

/** At the begin of a sentence or of a part of one, after "or", "and", "then", "to", or behind a colon. */
function imperative(verbs: string): RegExp {
  return new RegExp(
    `(?:^|[.;:!?,(–—] ?|\\b(?:or|and|then|please|just|must|should|you can|you may) )(?:${verbs})\\b`,
    'i',
  );
}

const DESTROYS = imperative(DESTRUCTIVE);
const ACTS = imperative(`${DESTRUCTIVE}|${STRONG}`);
/** Only at the begin of a sentence: "and start" in its middle most often tells what the agent does. */
const FIRST = `(?:${OTHERS}|${DESTRUCTIVE})\\b(?! is\\b)`;
const ASKS = {
  behind: new RegExp(`[.;:!?] ${FIRST}`, 'i'),
  first: new RegExp(`^${FIRST}`, 'i'),
  sentence: /^[A-Z][a-z]/,
};

function asks(text: string): boolean {
  return ASKS.behind.test(text) || (ASKS.sentence.test(text) && ASKS.first.test(text));
}

interface Finding {
  readonly where: string;
  readonly text: string;
}

function findingsIn(path: string, source: string): readonly Finding[] {
  if (path === ADVICE || path === ZNODE_ADVICE || ARGUMENT_READERS.has(path)) return [];
  return textsOf(source)
    .filter(({ text, isNext }) => DESTROYS.test(text) || (isNext ? ACTS.test(text) : asks(text)))
    .map(({ text, line }) => ({ where: `${path}:${line}`, text }));
}

function sources(directory: string): readonly string[] {
  return readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => relative(ROOT, join(ROOT, directory, name)));
}

test('no text of the agent tells a person to act but the advice data, and to look or to set the `next` of an error', () => {
  const paths = sources('src');
  const findings = paths.flatMap((path) => findingsIn(path, readFileSync(join(ROOT, path), 'utf8')));
  assert.deepEqual(findings, []);
  assert.ok(paths.length > 100);
});

test('a text that tells a person to act is found, wherever it stands', () => {
  const found = (source: string): number => findingsIn('src/decide/x.ts', source).length;
  assert.equal(found("wait('There is no quorum. Start them again; or terminate the instances.');"), 1);
  assert.equal(found('wait(`It is damaged. Mend it, or terminate $' + '{instance} to give it up.`);'), 1);
  assert.equal(found("throw new AgentError('X', 'It hangs.', 'It hangs in the kernel: terminate the instance.');"), 1);
  assert.equal(found("const next = 'Move the data directory aside by hand.';"), 1);
  assert.equal(found("throw new AgentError('X', 'It is full.', 'Free space on that disk.');"), 1);
  assert.equal(found("throw new AgentError('X', 'It hangs.', 'It hangs in the kernel: reboot the instance.');"), 1);
  assert.equal(found("log.write({ saw: 'It ends.', next: 'Bring enough of the other voters back.' });"), 1);
  assert.equal(found("throw new AgentError('X', 'It is wrong.', 'Look at its log, and correct the setting.');"), 0);
  assert.equal(found("throw new AgentError('X', 'Free space on that disk.', 'Nothing.');"), 1);
  assert.equal(found("take(step, 'The members are gone, so they are removed.');"), 0);
});

/** One piece of each kind, as the agent says it. */
const EXAMPLES: Readonly<Record<Action, Advice>> = {
  'start-instance': { action: 'start-instance', instance: 'i-2', when: [{ is: 'not-running', instance: 'i-2' }] },
  'look-at-log': { action: 'look-at-log', instance: 'i-2', when: [] },
  'look-at-claims': { action: 'look-at-claims', when: [] },
  'mend-data': { action: 'mend-data', instance: 'i-2', when: [] },
  'run-newer-release': {
    action: 'run-newer-release',
    instance: 'i-2',
    path: '/var/lib/zookeeper/zk-agent/stamp.json',
    when: [],
  },
  'find-data': { action: 'find-data', when: [] },
  'right-volume': { action: 'right-volume', instance: 'i-2', when: [] },
  'restart-server': { action: 'restart-server', instance: 'i-2', when: [{ is: 'leader' }] },
  'free-space': { action: 'free-space', instance: 'i-2', when: [] },
  'scale-out': { action: 'scale-out', when: [] },
  'stop-added-server': { action: 'stop-added-server', path: 'member 200 at 10.0.0.9', when: [{ is: 'no-leader' }] },
  'start-added-server': {
    action: 'start-added-server',
    path: 'member 200 at 10.0.0.9',
    when: [{ is: 'no-leader' }, { is: 'still-advised' }],
  },
  'declare-gone': {
    action: 'declare-gone',
    instance: 'i-2',
    path: 'member 200 at 10.0.0.9',
    gone: { record: 1, id: 200, address: '10.0.0.9', epoch: 3, left: ['i-2'] },
    when: [{ is: 'cannot-start', path: 'member 200 at 10.0.0.9' }, { is: 'no-leader' }, { is: 'still-advised' }],
    loses: { kind: 'its-disk' },
  },
  'lift-maintenance': { action: 'lift-maintenance', when: [{ is: 'work-is-over' }] },
  'move-data-away': {
    action: 'move-data-away',
    instance: 'i-2',
    path: 'version-2',
    when: [{ is: 'nothing-else-helps' }, { is: 'no-leader' }, { is: 'still-advised' }],
    loses: { kind: 'after', zxid: '0000000100000042' },
    next: { id: 1, instance: 'i-1' },
  },
  'remove-members': {
    action: 'remove-members',
    path: '3 at 10.0.0.3, 200 at 10.0.0.9',
    config: { version: '0000000300000018', leaving: [3, 200] },
    when: [{ is: 'still-advised' }],
  },
  'correct-config': { action: 'correct-config', when: [] },
  'delete-object': {
    action: 'delete-object',
    path: 'orders/reports/i-9.json',
    when: [{ is: 'never-was', instance: 'i-9' }, { is: 'still-advised' }],
  },
  'remove-aside': {
    action: 'remove-aside',
    instance: 'i-2',
    path: '/var/lib/zookeeper/aside/lineage-1-before-2',
    when: [{ is: 'still-advised' }, { is: 'not-wanted' }],
    loses: { kind: 'that-data' },
  },
  'terminate-instance': {
    action: 'terminate-instance',
    instance: 'i-2',
    when: [
      { is: 'cannot-run', instance: 'i-2' },
      { is: 'too-few-can-run', quorums: [{ needs: 2, of: ['i-1', 'i-2', 'i-3'] }] },
      { is: 'no-leader' },
      { is: 'still-advised' },
    ],
    loses: { kind: 'its-disk' },
  },
  'allow-empty-genesis': {
    action: 'allow-empty-genesis',
    instance: 'i-2',
    when: [{ is: 'nothing-else-helps' }, { is: 'no-leader' }, { is: 'still-advised' }],
    loses: { kind: 'everything' },
  },
};

test('the runbook tells of every action as the agent does', () => {
  const runbook = readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8');
  const shown = /<!-- advice: .* -->\n\n([\s\S]*?)\n*<!-- \/advice -->/.exec(runbook)?.[1];
  const rows = Object.values(EXAMPLES).map((advice) => `| ${advice.action} | ${adviceSentence(advice)} |`);
  assert.equal(shown, ['| action | what the agent says |', '| --- | --- |', ...rows].join('\n'));
});

/**
 * Sentences of the two documents that ask for such an act all the same, each with the reason why no data can say it.
 */
const TOLD: Readonly<Record<string, string>> = {
  'Never by hand: remove `fence.json`, edit `stamp.json`, write `initialize`, delete an object of the bucket or a log stream.':
    'It forbids.',
  'To look for something in data set aside, copy it to another machine and start a single server there on the copy, with a `zoo.cfg` of its own.':
    'Another machine, and a copy.',
  'Start the cluster empty, and stop the writers of the old ensemble.': 'A new cluster, and clients.',
  'Then copy each top-level znode, and move the clients over:': 'Clients.',
  'If the bucket had versioning, bring the objects back, all of them.':
    'No agent can read the bucket then; nothing is taken away.',
  'The agent knows of such servers only by the configs: stop one that runs with an old config and is in none yourself, before a recovery by force.':
    'The agent can not know of such a server.',
  'If somebody wrote it by hand, bring back the version before (`aws s3api list-object-versions`).':
    'Whether somebody wrote it by hand, no agent knows.',
  'To change it: remove `zk-agent/super-secret` and `zk-agent/java-options`, stop the server, run `zk-agent recovery`, which makes a new one and starts the server with it.':
    'It is about a secret, and the server starts at once.',
};

/** A person who is said to do such a thing, and commands that do it. */
const PERSON =
  /\b(?:somebody|someone|anybody|whoever|you|(?:a|the) person|an operator)\b[^.;:]{0,40}\b(?:terminates?|deletes?|wipes?|destroys?|kills?)\b/i;
const COMMANDS = /terminate-instances|complete-lifecycle-action|\bdelete-[a-z]+|\bs3 rm|\brm -/;

function sentencesOf(text: string): readonly string[] {
  return text
    .replace(/^( *)```.*?^\1```$/gms, '')
    .split(/(?<=[.!?])\s+|\n+|\|/)
    .map((sentence) => sentence.replace(/[*_]/g, '').trim());
}

/** README.md says what the lab's own commands do, and has words in bold that only name a step of the agent. */
function ofTheProduct(text: string): string {
  return text
    .replace(/<!-- (advice|demo)\b[\s\S]*?<!-- \/\1 -->/g, '')
    .replace(/^## The lab$[\s\S]*?(?=^## )/m, '')
    .replace(/^- \*\*[^*]+\.\*\*/gm, '-');
}

function actsIn(text: string): readonly string[] {
  const asked = sentencesOf(text).filter((sentence) => {
    const words = sentence.replace(/^[-\d.]+ /, '');
    return ACTS.test(words) || PERSON.test(words);
  });
  return [...asked, ...text.split('\n').filter((line) => COMMANDS.test(line))];
}

test('README and runbook tell nobody to act on machines, servers, disks or members but by the advice', () => {
  const texts = ['README.md', 'docs/runbook.md'].map((path) => readFileSync(join(ROOT, path), 'utf8'));
  const told = texts.flatMap((text) => actsIn(ofTheProduct(text)));
  assert.deepEqual(told.toSorted(), Object.keys(TOLD).toSorted());
});

test('such a sentence is found, wherever it stands', () => {
  assert.equal(actsIn('It waits until somebody terminates it: that is the proof.').length, 1);
  assert.equal(actsIn('- It hangs. Reboot the instance.').length, 1);
  assert.equal(actsIn('| `x.next` | unknown | remove it if another node has it |').length, 1);
  assert.equal(actsIn('Answer it: `aws autoscaling complete-lifecycle-action --instance-id i-1`.').length, 1);
  assert.equal(actsIn('The `do` lines say which machines may be started.').length, 0);
});
