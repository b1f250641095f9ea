// SPDX-License-Identifier: Apache-2.0
/**
 * An ensemble that has lost its majority for good while nobody's cron runs: each run of the agent is the test's own.
 */
import { votersOf } from '../../../src/model/member.ts';
import { nothingVanishesFrom } from './agreement.ts';
import { startLab, type TestLab, waitFor } from './lab.ts';
import { WrittenData } from './written-data.ts';

const LIMIT_MS = 150_000;

export interface Survivors {
  readonly lab: TestLab;
  readonly written: WrittenData;
  /** Instances that are left, ascending ids. Their servers run without quorum. */
  readonly survivors: readonly string[];
  /** Fails if a snapshot or log that the survivors had then is neither in place nor set aside. */
  readonly checkNothingVanished: () => void;
}

/** Until the bootstrap of every machine has ended: a run that is still under way could act once more. */
export async function bootstrapped(lab: TestLab): Promise<void> {
  for (const node of await lab.nodes()) await lab.host(node.instance).machine.bootstrapped;
}

/**
 * Starts an ensemble of this many nodes, writes through it until everybody has everything, and terminates a majority,
 * the leader among them. The replacements boot and do nothing. The caller disposes of the lab.
 */
export async function loseMajority(nodes: number): Promise<Survivors> {
  const lab = await startLab({ nodes, ticks: 'never' });
  try {
    await lab.healthy();
    await bootstrapped(lab);
    const written = await WrittenData.start(lab);
    await written.write(100);
    const all = (await lab.nodes()).toSorted((one, other) => (one.id ?? 0) - (other.id ?? 0));
    for (const node of all) await written.reaches(node.address ?? '');
    lab.setBootPlan({ bootstrap: false, ticks: 'never' });
    const lost = await lab.terminate('majority');
    await lab.untilGone(lost);
    const survivors = all.map((node) => node.instance).filter((instance) => !lost.includes(instance));
    return { lab, written, survivors, checkNothingVanished: nothingVanishesFrom(lab, survivors) };
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Every machine but these is switched off and on, and from now on all do by themselves what they do in a cluster. A
 * machine that has never booted will do so by itself, and finds the new plan then.
 */
export async function letTheOthersGo(lab: TestLab, except: readonly string[]): Promise<void> {
  lab.setBootPlan({ bootstrap: true, ticks: 5 });
  for (const node of await lab.nodes()) {
    const hasBooted = lab.lab.hypervisor.host(node.instance)?.bootedAtMs !== undefined;
    if (hasBooted && !except.includes(node.instance)) await lab.reboot(node.instance);
  }
}

/** Until this many vote by the committed config, `without` not among them; some of the others may be off. */
export async function untilVoters(
  lab: TestLab,
  voters: number,
  without: readonly (string | undefined)[],
): Promise<void> {
  const settled = async (): Promise<boolean> => {
    const { config } = await lab.status();
    const members = config === undefined ? [] : votersOf(config);
    return members.length === voters && !members.some((member) => without.includes(member.address));
  };
  await waitFor(settled, { limitMs: LIMIT_MS, why: `${voters} voters stand in the config` });
}
