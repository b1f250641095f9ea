// SPDX-License-Identifier: Apache-2.0
import type { Observation } from '../model/observation.ts';

/**
 * What a person has to know although all is well, one sentence each: what holds changes back, who is held, what lies
 * on the disk. Pure. Of a group that can't be read it says nothing.
 */
export function standingFacts({ group, disk }: Observation): readonly string[] {
  const facts: string[] = [];
  if (group.known) {
    const { maintenance, suspended, instances } = group.value;
    if (maintenance) facts.push('Maintenance is on: nothing changes who is a member until "zk-agent maintenance off".');
    if (suspended.length > 0) {
      facts.push(`The group has suspended ${suspended.join(', ')}: nothing is replaced until they resume.`);
    }
    for (const { instance, lifecycleState } of instances.filter((each) => each.lifecycleState.endsWith(':Wait'))) {
      facts.push(`A hook holds ${instance} in ${lifecycleState}.`);
    }
  }
  if (disk.aside.length > 0) {
    facts.push(`Data is set aside here: ${disk.aside.map(({ name }) => name).join(', ')}.`);
  }
  return facts;
}
