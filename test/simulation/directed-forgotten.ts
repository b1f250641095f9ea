// SPDX-License-Identifier: Apache-2.0
/** A node with data joins where others have older configs than it has: it must not forget its own. */
import assert from 'node:assert/strict';
import type { Case } from './directed-cases.ts';
import { SIMULATED_TIMINGS } from './node/timings.ts';
import type { Scenario } from './scenario.ts';

/** A person stops its instance, and takes it out of the config. */
async function removedWhileDown(scenario: Scenario): Promise<() => void> {
  const { world } = scenario;
  const [node] = scenario.followers;
  assert.ok(node);
  node.powerOff('its instance is stopped');
  node.instance.state = 'stopped';
  assert.ok(world.leader && node.disk.id !== undefined);
  world.byHand.removeTogether({ version: world.leader.config.version, leaving: [node.disk.id] });
  await scenario.until('it is removed', () => world.leader?.config.members.length === 2, 60_000);
  return () => node.startAgain();
}

export const FORGOTTEN_CONFIG_CASES: readonly Case[] = [
  {
    name: 'one is removed while it is down, one leaves, the last is silent: the two that come back do not elect each other',
    nodes: 3,
    without: ['joins-without-a-version'],
    play: async (scenario) => {
      const { world } = scenario;
      await scenario.whole();
      const comesBack = await removedWhileDown(scenario);
      const { leader } = scenario;
      const [leaves] = scenario.followers;
      assert.ok(leaves);
      leaves.run({ command: 'leave', limitMs: 60_000 });
      const left = (): boolean => world.leader?.config.members.length === 1 && !world.ensemble.on(leaves);
      await scenario.until('one has left', left, 120_000);
      // It alone acknowledges writes.
      await scenario.advance(30_000);
      leader.pause();
      comesBack();
      const rejoins = (): boolean =>
        leaves.run({ command: 'bootstrap', rejoin: true, limitMs: SIMULATED_TIMINGS.bootstrapLimitMs });
      await scenario.until('the other one joins again', rejoins, 60_000);
      await scenario.advance(200_000);
      leader.resume();
      await scenario.whole();
      assert.equal(scenario.records().length, 1);
    },
  },
];
