// SPDX-License-Identifier: Apache-2.0
/**
 * A stack is deleted, and deployed again under the same name: the deletion waits for nobody, the new cluster neither.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBucket } from '../../lab/daemon/bucket-view.ts';
import { checkFreshEnsemble } from './support/fresh-ensemble.ts';
import { startLab, type TestLab } from './support/lab.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 300_000;
const DEPLOY_LIMIT_MS = 900_000;
const TICK_MS = 5_000;
const LOOK_MS = 20;
/** CloudFormation and Auto Scaling look again after this at the latest. */
const LOOKS_MS = 500;
/** For a busy machine. Who waited for others, or for the limit of a hook, would need minutes more. */
const BUSY_MS = 60_000;

/**
 * From outside: how long an agent takes to start, look and end when nothing is to be done; the longest of all nodes.
 */
async function healthyRunMs(lab: TestLab): Promise<number> {
  const runs = (await lab.nodes()).map(async ({ instance }) => {
    const fromMs = performance.now();
    assert.equal((await lab.agent(instance, ['recovery'])).code, 0);
    return performance.now() - fromMs;
  });
  return Math.max(...(await Promise.all(runs)));
}

/** When each of these instances has left its group for good; Date.now(). */
function endsOf(lab: TestLab, instances: readonly string[]): { readonly ends: Map<string, number>; stop(): void } {
  const ends = new Map<string, number>();
  const timer = setInterval(() => {
    for (const instance of instances) {
      if (!ends.has(instance) && lab.lab.aws.membership(instance) === undefined) ends.set(instance, Date.now());
    }
  }, LOOK_MS);
  return { ends, stop: () => clearInterval(timer) };
}

interface Leaving {
  /** Of the run that left. */
  readonly firstLineMs: number;
  readonly steps: readonly unknown[];
  readonly waits: readonly unknown[];
}

/** What the agent did after this moment but healthy ticks, which had begun before. */
function leavingOf(lab: TestLab, instance: string, sinceMs: number): Leaving {
  const lines = lab
    .agentLog(instance)
    .filter(({ time, event }) => Date.parse(String(time)) >= sinceMs && event !== 'healthy' && event !== 'busy');
  return {
    firstLineMs: Date.parse(String(lines[0]?.time)),
    // The hook's answer may end the machine before its line is there.
    steps: lines.filter(({ event }) => event === 'act').map(({ step }) => step),
    waits: lines.filter(({ decided }) => decided === 'wait').map(({ why }) => why),
  };
}

test('a stack is deleted as fast as its instances end, and deployed again under the same name it is a new cluster', {
  timeout: 1_500_000,
}, async (t) => {
  await using lab = await startLab({ nodes: 3, deployed: true });
  await lab.healthy();
  await lab.lab.deployed(AbortSignal.timeout(LIMIT_MS));
  const written = await WrittenData.start(lab);
  await written.write(20);
  const first = lab.lab.stack;
  const records = await lab.bucket('');
  const old = (await lab.nodes()).map(({ instance }) => instance);
  const startUpMs = await healthyRunMs(lab);

  const { ends, stop } = endsOf(lab, old);
  const beganMs = Date.now();
  const times = new Map<string, number>();
  const hear = (line: string): void => {
    const [, resource = '', status = ''] = /^(\S+)\s+([A-Z_]+)/.exec(line.replace(/^\s*[\d.]+s\s+/, '')) ?? [];
    times.set(`${resource} ${status}`, Date.now());
  };
  await lab.lab.delete(false, hear, AbortSignal.timeout(DEPLOY_LIMIT_MS));
  const tookMs = Date.now() - beganMs;
  stop();
  const groupMs = (times.get('Group DELETE_COMPLETE') ?? Number.NaN) - beganMs;
  const ownMs = old.map((instance) => {
    const { firstLineMs, steps, waits } = leavingOf(lab, instance, beganMs);
    // On a busy machine the agent may look once more before its answer to the hook ends it, and answers again.
    const [stopped, ...answers] = steps;
    assert.equal(stopped, 'stop-server', 'A group that goes to zero holds nobody up.');
    assert.ok(answers.length > 0 && answers.every((step) => step === 'complete-leaving'), answers.join(', '));
    assert.deepEqual(waits, []);
    return (ends.get(instance) ?? Number.NaN) - firstLineMs;
  });
  const inWords = `deleted in ${tookMs} ms, the group in ${groupMs} ms; own times of the instances ${ownMs.join(', ')} ms, one run of the agent ${Math.round(startUpMs)} ms`;
  t.diagnostic(inWords);
  assert.ok(groupMs <= TICK_MS + Math.max(...ownMs) + 2 * startUpMs + LOOKS_MS + BUSY_MS, inWords);
  assert.deepEqual(await lab.nodes(), [], 'No machine is left.');
  assert.deepEqual(await readBucket(lab.lab.cloud.lab, first, ''), records, 'The data stays.');

  await lab.lab.deploy(() => {}, AbortSignal.timeout(DEPLOY_LIMIT_MS));
  assert.equal(lab.cluster.replace(/-[0-9a-f]{8}$/, ''), first.cluster.replace(/-[0-9a-f]{8}$/, ''), 'The same name.');
  assert.notEqual(lab.cluster, first.cluster);
  await checkFreshEnsemble(lab, 3);
  assert.deepEqual(await readBucket(lab.lab.cloud.lab, first, ''), records, 'Nobody touches what the old one left.');
});
