// SPDX-License-Identifier: Apache-2.0
/** What can happen at a moment between a look and its step (meanwhile.ts), and how a scenario gets to such a moment. */
import assert from 'node:assert/strict';
import type { EnsembleConfig } from '../../src/model/member.ts';
import type { StepKind } from '../../src/model/step.ts';
import type { Moment } from './meanwhile.ts';
import type { Scenario } from './scenario.ts';

export type TakeBack = () => void;

/** The quorum is gone for good; so many are left. */
export function lose(left: number): (scenario: Scenario) => void {
  return (scenario) => scenario.terminateAtOnce(...scenario.nodes.slice(left));
}

export function grow(scenario: Scenario): void {
  scenario.world.cloud.group.desired += 1;
}

/** A moment of whatever step. */
export type Any = Pick<Moment<StepKind>, 'scenario' | 'node' | 'context'>;

export function unfence({ node }: Any): TakeBack {
  const { fence } = node.disk;
  node.disk.fence = undefined;
  return () => {
    node.disk.fence = fence;
  };
}

/**
 * A later record, which is no other node's business here: nobody else sees it. No record is ever forgotten, so the
 * process that has seen it ends with the step.
 */
export function laterRecord({ scenario, node, context }: Any): TakeBack {
  const { objects } = context.ports;
  const { get, list } = objects;
  const number = scenario.records().length + 1;
  const key = `lineage/${String(number).padStart(6, '0')}.json`;
  const body = JSON.stringify({ kind: 'genesis', number, members: [], fenced: [], epochFloor: 0 });
  const seen: Pick<typeof objects, 'get' | 'list'> = {
    get: async (wanted, signal) => (wanted === key ? { key, body, etag: 'its', ageMs: 0 } : get(wanted, signal)),
    list: async (prefix, signal) => [...(await list(prefix, signal)), { key, etag: 'its', ageMs: 0 }],
  };
  Object.assign(objects, seen);
  return () => {
    Object.assign(objects, { get, list });
    node.killAgent('killed');
  };
}

/** The newest record says that only later epochs belong to it; read by a process that has read no record before. */
export function recordAbove({ context }: Any): TakeBack {
  const { ports } = context;
  const { objects } = ports;
  const get: typeof objects.get = async (key, signal) => {
    const found = await objects.get(key, signal);
    if (!found || !/^lineage\/\d+\.json$/.test(key)) return found;
    return { ...found, body: found.body.replace(/"epochFloor":\d+/, '"epochFloor":99999') };
  };
  Object.assign(ports, { objects: { ...objects, get } });
  return () => Object.assign(ports, { objects });
}

export function fence({ node }: Any): TakeBack {
  node.disk.fence = { record: 1 };
  return () => {
    node.disk.fence = undefined;
  };
}

/** What sessions say of the config. */
export function saying({ context }: Any, change: (config: EnsembleConfig) => Partial<EnsembleConfig>): TakeBack {
  const { servers } = context.ports;
  const { open } = servers;
  const changed: typeof open = async (...args) => {
    const session = await open(...args);
    return {
      ...session,
      config: async (signal) => {
        const config = await session.config(signal);
        return { ...config, ...change(config) };
      },
    };
  };
  Object.assign(servers, { open: changed });
  return () => Object.assign(servers, { open });
}

export function withoutSelf(moment: Any): TakeBack {
  return saying(moment, ({ members }) => ({
    members: members.filter(({ address }) => address !== moment.node.address),
  }));
}

/** The step finds its report to be another one, however often it reads it. */
export function lateReport({ context }: Any): TakeBack {
  const { objects } = context.ports;
  const { replace } = objects;
  Object.assign(objects, { replace: async () => 'conflict' });
  return () => Object.assign(objects, { replace });
}

/** The claims on an id say something else than the lists did. */
export function claim(body: (moment: Moment<'remove-members'>) => string) {
  return (moment: Moment<'remove-members'>): TakeBack => {
    const { objects } = moment.scenario.world.cloud;
    const [id] = moment.step.ids;
    let generation = 1;
    while (objects.get(`claims/${id}.${generation}.json`)) generation++;
    const key = `claims/${id}.${generation}.json`;
    objects.put(key, body(moment));
    return () => objects.delete(key);
  };
}

/** The group wants no more than live, so that the leader removes the dead and no joiner does. */
export function dieForGood(scenario: Scenario): void {
  const [follower] = scenario.followers;
  assert.ok(follower);
  scenario.world.cloud.group.desired -= 1;
  scenario.terminateAtOnce(follower);
}

/** A newcomer that can't join, since its disk takes nothing, gives its launch up. */
export async function cantJoin(scenario: Scenario): Promise<void> {
  const known = [...scenario.nodes];
  grow(scenario);
  const fresh = (): Scenario['nodes'] => scenario.nodes.filter((node) => !known.includes(node));
  await scenario.until('another one boots', () => fresh().length > 0, 120_000);
  for (const node of fresh()) node.disk.full = true;
}

export function makeRoom({ scenario }: Any): void {
  for (const node of scenario.nodes) node.disk.full = false;
}
