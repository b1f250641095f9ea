// SPDX-License-Identifier: Apache-2.0
/** Each instance that Auto Scaling has EC2 terminate, and whether it was still a member at that very moment. */
import assert from 'node:assert/strict';
import { configOnDisks } from './disk-config.ts';
import type { TestLab } from './lab.ts';

export interface Termination {
  readonly instance: string;
  readonly wasMember: boolean;
}

export class TerminationWatch implements Disposable {
  readonly #terminations: Termination[] = [];
  readonly #unfollow: () => void;

  constructor(lab: TestLab) {
    this.#unfollow = lab.lab.aws.calls.follow(({ caller, action, outcome }) => {
      if (caller === 'autoscaling' && action === 'TerminateInstances' && outcome === 'ok') this.#note(lab);
    });
  }

  /** In their order. */
  get terminations(): readonly Termination[] {
    return this.#terminations;
  }

  /** These instances, and no others, were terminated, and each was out of the config by then. */
  check(instances: readonly string[]): void {
    assert.deepEqual(this.#terminations.map(({ instance }) => instance).toSorted(), instances.toSorted());
    const members = this.#terminations.filter(({ wasMember }) => wasMember);
    assert.deepEqual(members, [], 'Each had left the config before it was terminated.');
  }

  [Symbol.dispose](): void {
    this.#unfollow();
  }

  /**
   * The log does not say which instance: it is the one whose terminate hook is through, and the machine still there.
   */
  #note(lab: TestLab): void {
    const { aws, hypervisor } = lab.lab;
    const config = configOnDisks(hypervisor.hosts);
    for (const { instance, address } of hypervisor.hosts) {
      if (aws.membership(instance)?.lifecycleState !== 'Terminating:Proceed') continue;
      if (this.#terminations.some((termination) => termination.instance === instance)) continue;
      const wasMember = config === undefined || config.members.some((member) => member.address === address);
      this.#terminations.push({ instance, wasMember });
    }
  }
}
