// SPDX-License-Identifier: Apache-2.0
/**
 * The agent of the release before and that of today in one ensemble: through an update of the image and its rollback,
 * and with a majority lost in between. Each reads what the other has written.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { packageAgent } from '../../build/package.ts';
import { ARCHITECTURES } from '../../build/target.ts';
import { registerImage } from '../../lab/account.ts';
import { oneEnsemble } from './support/agreement.ts';
import { allInService } from './support/group.ts';
import { startLab, type TestLab } from './support/lab.ts';
import { releaseBefore } from './support/release-before.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 300_000;
const DEPLOY_LIMIT_MS = 900_000;

let older: readonly string[];
let newer: readonly string[];

before(
  async () => {
    const architecture = ARCHITECTURES.find((name) => name === process.arch);
    assert.ok(architecture, `Executables are made on ${ARCHITECTURES.join(' and ')}.`);
    older = [await releaseBefore()];
    newer = [await packageAgent({ architecture })];
  },
  { timeout: 1_500_000 },
);

test('an update to the agent of today and its rollback: nothing acknowledged is missing, nothing is founded twice', {
  timeout: 1_500_000,
}, async () => {
  await using lab = await startLab({ nodes: 3, deployed: true, agentCommand: older });
  await lab.healthy();
  await lab.lab.deployed(AbortSignal.timeout(DEPLOY_LIMIT_MS));
  const first = await allInService(lab, 3);
  const [today, before] = await Promise.all(
    ['today', 'the release before'].map((name) => registerImage(lab.lab.operator, `${lab.lab.name} ${name}`)),
  );
  lab.lab.processMachines?.setAgentOfImage(today ?? '', newer);
  lab.lab.processMachines?.setAgentOfImage(before ?? '', older);
  const written = await WrittenData.start(lab);
  for (const image of [today, before]) {
    await written.write(100, await oneEnsemble(lab, 3, LIMIT_MS));
    await update(lab, image ?? '');
  }
  // The last of those that were replaced may still serve, and end in the middle of a write.
  await written.write(100, await oneEnsemble(lab, 3, LIMIT_MS));
  await written.checkOn(await oneEnsemble(lab, 3, LIMIT_MS));
  const last = await allInService(lab, 3);
  assert.deepEqual(
    last.filter((instance) => first.includes(instance)),
    [],
    'Every node is another one.',
  );
  assert.equal((await lab.records()).length, 1, 'Nothing was founded twice.');
});

async function update(lab: TestLab, imageId: string): Promise<void> {
  await lab.lab.deployedStack?.update(imageId, () => undefined, AbortSignal.timeout(DEPLOY_LIMIT_MS));
}

for (const { name, first, second } of [
  { name: 'half way through an update', first: () => older, second: () => newer },
  { name: 'half way through its rollback', first: () => newer, second: () => older },
]) {
  test(`a majority is lost ${name}: one survivor of each version, and nothing that it had is missing`, {
    timeout: 1_500_000,
  }, async () => {
    await using lab = await startLab({ nodes: 5, agentCommand: first() });
    await lab.healthy();
    const written = await WrittenData.start(lab);
    await written.write(100);
    const one = await lab.nodes();
    lab.lab.processMachines?.setAgentOfImage(await imageOf(lab, one[0]?.instance ?? ''), second());
    for (const node of one.slice(0, 2)) {
      await lab.terminate(node.instance);
      await lab.untilGone([node.instance]);
      await lab.healthy(LIMIT_MS);
    }
    const nodes = (await lab.nodes()).map(({ instance }) => instance);
    const kept = nodes.filter((instance) => one.some((node) => node.instance === instance));
    const replaced = nodes.filter((instance) => !kept.includes(instance));
    assert.deepEqual([kept.length, replaced.length], [3, 2]);

    await written.write(100);
    const survivors = [kept[0] ?? '', replaced[0] ?? ''];
    for (const survivor of survivors) await written.reaches(lab.host(survivor).address);
    const lost = nodes.filter((instance) => !survivors.includes(instance));
    await Promise.all(lost.map((instance) => lab.terminate(instance)));
    await lab.untilGone(lost);

    await written.checkOn(await oneEnsemble(lab, 5, LIMIT_MS));
    const kinds = (await lab.records()).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['genesis', 'forced'], 'One recovery by force, by either of the two.');
    const voting = (await lab.nodes()).map(({ instance }) => instance);
    for (const survivor of survivors) assert.ok(voting.includes(survivor), `${survivor} votes again.`);
  });
}

async function imageOf(lab: TestLab, instance: string): Promise<string> {
  const { Reservations } = await lab.lab.operator.ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] }));
  const image = Reservations?.[0]?.Instances?.[0]?.ImageId;
  assert.ok(image, `${instance} has an image.`);
  return image;
}
