// SPDX-License-Identifier: Apache-2.0
import type { Addition } from './addition.ts';

export const INSTANCE_STOPPED: Addition = {
  name: 'instance-stopped',
  what: 'an instance is stopped, and started again with its disk',
  everyMs: [0, 0, 0, 60_000, 200_000],
  strike: (world, random) => {
    const { living } = world;
    const victims = random.shuffle(living).slice(0, random.pick([1, 1, 1, 2, 3]));
    for (const node of victims) {
      node.powerOff('its instance is stopped');
      node.instance.state = 'stopped';
      world.scheduler.after(random.between(20_000, 300_000), () => startAgain(node));
    }
    return victims.length > 0;
  },
  mend: (world) => {
    for (const node of world.nodes) startAgain(node);
  },
};

function startAgain(node: { readonly instance: { state: string }; boot(): void }): void {
  if (node.instance.state !== 'stopped') return;
  node.instance.state = 'running';
  node.boot();
}
