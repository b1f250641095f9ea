// SPDX-License-Identifier: Apache-2.0
/** A person's word that an added server is gone: given where the agent asks for it, and refused everywhere else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declareGoneIn } from '../../src/commands/declare-gone.ts';
import { toZxid } from '../../src/model/zxid.ts';
import { PRODUCTION_TIMINGS } from '../../src/timings.ts';
import type { Terminal } from '../../tools/terminal.ts';
import { MemoryNode } from '../act/memory-node.ts';
import {
  addressOf,
  CLUSTER,
  claimOf,
  configOf,
  diskOf,
  genesisOf,
  groupFact,
  instanceOf,
  reportOf,
} from '../decide/parts.ts';

const signal = AbortSignal.timeout(60_000);
const KEY = /^lineage\/000001\/gone\/9-at-10\.0\.0\.9-.+\.json$/;

/** Of the voters 1, 2 and 9, which somebody added, 2 is terminated. Node 1 has reported, and waits for 9. */
function waiting(): MemoryNode {
  const node = new MemoryNode();
  const config = configOf([1, 2, 9]);
  node.disk = diskOf(1, { config, reported: true });
  node.running = true;
  node.group = groupFact([1]);
  node.instances = [
    { instance: instanceOf(1), state: 'running', address: addressOf(1) },
    { instance: instanceOf(2), state: 'terminated' },
  ];
  node.answers.set(addressOf(1), { kind: 'not-serving' });
  for (const id of [1, 2]) {
    node.shelf.streams.set(`${id}.1`, 3_600_000);
    node.shelf.put(`claims/${id}.1.json`, claimOf(id).owner);
  }
  node.shelf.put('lineage/000001.json', genesisOf([1, 2]));
  node.shelf.put(`dead/${instanceOf(2)}`, { format: 1 });
  const { report } = reportOf(1, { config });
  node.shelf.put(`reports/${instanceOf(1)}.json`, { format: 2, serial: 's1', report });
  return node;
}

class Typed implements Terminal {
  readonly interactive: boolean;
  readonly said: string[] = [];
  readonly #answer: string | undefined;

  /** Undefined: there is nobody to answer. */
  constructor(answer?: string) {
    this.#answer = answer;
    this.interactive = answer !== undefined;
  }

  line(text: string): void {
    this.said.push(text);
  }

  progress(): void {}

  result(text: string): void {
    this.said.push(text);
  }

  async ask(question: string): Promise<string> {
    this.said.push(question);
    return this.#answer ?? '';
  }
}

interface Given {
  readonly id?: number;
  readonly address?: string;
  readonly yes?: boolean;
  readonly terminal?: Typed;
}

function declare(node: MemoryNode, { id = 9, address = addressOf(9), yes = true, terminal = new Typed() }: Given = {}) {
  const settings = { cluster: CLUSTER, timings: PRODUCTION_TIMINGS };
  return declareGoneIn({ ports: node.ports, settings, terminal }, { id, address, yes }, signal);
}

function words(node: MemoryNode): readonly string[] {
  return [...node.shelf.objectsByKey.keys()].filter((key) => key.includes('/gone/'));
}

async function refused(node: MemoryNode, why: RegExp, given: Given = {}): Promise<void> {
  await assert.rejects(declare(node, given), { code: 'NOT_GONE', message: why });
  assert.deepEqual(words(node), [], 'nothing is written');
}

test('where the agent waits for it, the word is written with what it depends on', async () => {
  const node = waiting();
  await declare(node);
  const [key = ''] = words(node);
  assert.match(key, KEY);
  assert.deepEqual(node.shelf.bodies()[key], {
    format: 1,
    record: 1,
    id: 9,
    address: addressOf(9),
    epoch: 1,
    left: [instanceOf(1)],
  });
  assert.equal(node.effects, 1, 'and nothing else changes');
});

test('a person is told what is lost, and asked', async () => {
  const node = waiting();
  const terminal = new Typed('gone');
  await declare(node, { yes: false, terminal });
  const said = terminal.said.join('\n');
  assert.match(said, /Member 9 at 10\.0\.0\.9/);
  assert.match(said, /That loses what its disk alone holds, acknowledged writes among it\./);
  assert.match(said, /Type gone to go on:/);
  assert.equal(words(node).length, 1);
});

for (const [what, terminal] of [
  ['another answer', new Typed('yes')],
  ['nobody to answer', new Typed()],
] as const) {
  test(`nothing is written without a yes: ${what}`, async () => {
    const node = waiting();
    await assert.rejects(declare(node, { yes: false, terminal }), { code: 'DECLINED' });
    assert.deepEqual(words(node), []);
  });
}

test('refused for another id or another address than the config lists', async () => {
  await refused(waiting(), /no recovery waits/, { id: 8 });
  await refused(waiting(), /no recovery waits/, { address: addressOf(8) });
});

test('refused for a node that claimed the id at that address: only EC2 says that it is gone', async () => {
  await refused(waiting(), /i-0a02 claimed/, { id: 2, address: addressOf(2) });
  const node = waiting();
  node.shelf.put('claims/9.1.json', claimOf(9).owner);
  await refused(node, /i-0a09 claimed/);
});

test('refused while an instance of the cluster has that address, or may have it', async () => {
  for (const address of [addressOf(9), undefined]) {
    const node = waiting();
    const fact = { instance: instanceOf(7), state: 'running', ...(address ? { address } : {}) } as const;
    node.instances = [...node.instances, fact];
    node.group = groupFact([1, 7]);
    // It has reported, so nobody else is awaited.
    const { report } = reportOf(7, {
      canVote: false,
      fenced: true,
      lineage: undefined,
      data: undefined,
      config: undefined,
    });
    node.shelf.put(`reports/${instanceOf(7)}.json`, { format: 2, serial: 's7', report });
    await refused(node, address ? /i-0a07 of this cluster has that address/ : /does not say which address i-0a07 has/);
  }
});

test('refused while its server answers', async () => {
  const node = waiting();
  node.answers.set(addressOf(9), { kind: 'not-serving' });
  await refused(node, /still answers/);
});

test('refused while a leader answers', async () => {
  const node = waiting();
  const serving = { kind: 'serving', mode: 'leader', zxid: toZxid(0x100000042n) } as const;
  node.answers.set(addressOf(1), serving);
  node.configs.set(addressOf(1), configOf([1, 2, 9]));
  await refused(node, /a leader answers/);
});

test('refused when it was said before: it does not help any more', async () => {
  const node = waiting();
  await declare(node);
  await assert.rejects(declare(node), { code: 'NOT_GONE', message: /said before/ });
  assert.equal(words(node).length, 1);
});

test('refused while AWS does not answer', async () => {
  const node = waiting();
  node.shelf.before = (call) => {
    if (call.startsWith('list')) throw new Error('S3 timed out');
  };
  await assert.rejects(declare(node), { code: 'NOT_GONE', message: /can't be read/ });
});
