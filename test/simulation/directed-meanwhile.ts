/** What can happen between a look and its step, re-check by re-check (meanwhile.ts). */
import assert from 'node:assert/strict';
import { type EnsembleConfig, memberAt } from '../../src/model/member.ts';
import type { StepKind } from '../../src/model/step.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import type { Session } from '../../src/ports.ts';
import { createOutcome } from '../../src/registry/lineage.ts';
import type { Case } from './directed-cases.ts';
import { type Moment, meanwhile } from './meanwhile.ts';
import { blankData } from './node/disk-state.ts';
import type { Scenario } from './scenario.ts';

type TakeBack = () => void;

/** The quorum is gone for good; so many are left. */
function lose(left: number): (scenario: Scenario) => void {
  return (scenario) => scenario.terminateAtOnce(...scenario.nodes.slice(left));
}

function grow(scenario: Scenario): void {
  scenario.world.cloud.group.desired += 1;
}

/** A moment of whatever step. */
type Any = Pick<Moment<StepKind>, 'scenario' | 'node' | 'context'>;

function unfence({ node }: Any): TakeBack {
  const { fence } = node.disk;
  node.disk.fence = undefined;
  return () => {
    node.disk.fence = fence;
  };
}

/**
 * A later record, which is no other node's business here: nobody else sees it. No record is ever forgotten, so the process
 * that has seen it ends with the step.
 */
function laterRecord({ scenario, node, context }: Any): TakeBack {
  const { objects } = context.ports;
  const { get, list } = objects;
  const number = scenario.records().length + 1;
  const key = `lineage/${String(number).padStart(6, '0')}.json`;
  const body = JSON.stringify({ kind: 'genesis', number, members: [], fenced: [], epochFloor: 0 });
  const seen: Pick<typeof objects, 'get' | 'list'> = {
    get: async (wanted, signal) => (wanted === key ? { key, body, etag: 'its', ageMs: 0 } : get(wanted, signal)),
    list: async (prefix, signal) => [...(await list(prefix, signal)), { key, ageMs: 0 }],
  };
  Object.assign(objects, seen);
  return () => {
    Object.assign(objects, { get, list });
    node.killAgent('killed');
  };
}

/** What sessions say of the config. */
function saying({ context }: Any, change: (config: EnsembleConfig) => Partial<EnsembleConfig>): TakeBack {
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

function withoutSelf(moment: Any): TakeBack {
  return saying(moment, ({ members }) => ({
    members: members.filter(({ address }) => address !== moment.node.address),
  }));
}

/** The step finds its report to be another one, however often it reads it. */
function lateReport({ context }: Any): TakeBack {
  const { objects } = context.ports;
  const { replace } = objects;
  Object.assign(objects, { replace: async () => 'conflict' });
  return () => Object.assign(objects, { replace });
}

/** The claims on an id say something else than the lists did. */
function claim(body: (moment: Moment<'remove-members'>) => string) {
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
function dieForGood(scenario: Scenario): void {
  const [follower] = scenario.followers;
  assert.ok(follower);
  scenario.world.cloud.group.desired -= 1;
  scenario.terminateAtOnce(follower);
}

/** A newcomer that can't join, since its disk takes nothing, gives its launch up. */
async function cantJoin(scenario: Scenario): Promise<void> {
  const known = [...scenario.nodes];
  grow(scenario);
  const fresh = (): Scenario['nodes'] => scenario.nodes.filter((node) => !known.includes(node));
  await scenario.until('another one boots', () => fresh().length > 0, 120_000);
  for (const node of fresh()) node.disk.full = true;
}

function makeRoom({ scenario }: Any): void {
  for (const node of scenario.nodes) node.disk.full = false;
}

export const MEANWHILE_CASES: readonly Case[] = [
  meanwhile({
    name: 'data turns up on the disk of a node before its first start',
    nodes: 3,
    atGenesis: true,
    step: 'prepare-genesis',
    lead: () => undefined,
    happens: ({ node }) => {
      node.disk.data = { ...blankData(0), currentEpoch: 1, acceptedEpoch: 1, initialised: true };
      return () => {
        node.disk.data = undefined;
        node.wipes++;
      };
    },
    refuses: /There is data on the disk/,
  }),
  meanwhile({
    name: 'a first start was announced by a disk that is gone',
    nodes: 3,
    atGenesis: true,
    step: 'prepare-genesis',
    lead: () => undefined,
    happens: ({ scenario, step }) => {
      const { objects } = scenario.world.cloud;
      const { id } = step.member;
      const body = JSON.stringify({ record: 1, id, nonce: 'of another disk' });
      objects.createOnce(`lineage/000001/started/${id}.json`, body);
      return () => undefined;
    },
    refuses: /announced before/,
  }),
  meanwhile({
    name: 'a record is written before a joiner prepares',
    nodes: 3,
    step: 'prepare-join',
    lead: grow,
    happens: laterRecord,
    refuses: /newer lineage record/,
  }),
  meanwhile({
    name: 'the server of a joiner is found to serve before it prepares',
    nodes: 3,
    step: 'prepare-join',
    lead: grow,
    happens: ({ context }) => {
      const { servers } = context.ports;
      const { srvr } = servers;
      Object.assign(servers, { srvr: async () => ({ kind: 'serving', mode: 'follower', zxid: ZXID_ZERO }) });
      return () => Object.assign(servers, { srvr });
    },
    refuses: /serves now/,
  }),
  meanwhile({
    name: 'the members to be removed are gone from the config that has the same version',
    nodes: 3,
    step: 'remove-members',
    lead: dieForGood,
    happens: (moment) =>
      saying(moment, ({ members }) => ({ members: members.filter(({ id }) => !moment.step.ids.includes(id)) })),
    refuses: /They left the config meanwhile/,
  }),
  meanwhile({
    name: 'the config has a line that can not be understood, of the same version',
    nodes: 3,
    step: 'remove-members',
    lead: dieForGood,
    happens: (moment) => saying(moment, () => ({ notUnderstood: ['weight.1=2'] })),
    refuses: /has a line that can't be understood/,
  }),
  meanwhile({
    name: 'a claim on the id of a dead member can not be read',
    nodes: 3,
    step: 'remove-members',
    lead: dieForGood,
    happens: claim(() => '{'),
    refuses: /can't be known/,
  }),
  meanwhile({
    name: 'a living instance has claimed the id of a dead member, at its address',
    nodes: 3,
    step: 'remove-members',
    lead: dieForGood,
    happens: claim(({ scenario, step }) => {
      const address = scenario.world.leader?.config.members.find(({ id }) => id === step.ids[0])?.address;
      return JSON.stringify({ instance: 'i-9999', address });
    }),
    refuses: /is i-9999 by a claim that no list showed/,
  }),
  meanwhile({
    name: 'the others stop serving before a node removes itself',
    nodes: 3,
    step: 'remove-self',
    lead: (scenario) => {
      scenario.followers[0]?.run({ command: 'leave', limitMs: 60_000 });
    },
    happens: ({ scenario, node }) => {
      // Paused for less than it takes anybody to miss them.
      const others = scenario.nodes.filter((each) => each !== node && each !== scenario.leader);
      for (const each of others) each.pause();
      return () => {
        for (const each of others) each.resume();
      };
    },
    refuses: /of the other 2 voters serve now/,
  }),
  meanwhile({
    name: 'a node that completes its launch hook does not vote any more',
    nodes: 3,
    hooks: true,
    step: 'complete-launch',
    lead: grow,
    happens: withoutSelf,
    refuses: /does not vote any more/,
  }),
  meanwhile({
    name: 'a node that tells the stack does not vote any more',
    nodes: 3,
    hooks: true,
    step: 'signal-success',
    lead: grow,
    happens: withoutSelf,
    refuses: /does not vote any more/,
  }),
  meanwhile({
    name: 'maintenance begins before a launch is given up',
    nodes: 3,
    hooks: true,
    step: 'give-up-launch',
    lead: cantJoin,
    happens: (moment) => {
      const { group } = moment.scenario.world.cloud;
      group.maintenance = true;
      makeRoom(moment);
      return () => {
        group.maintenance = false;
      };
    },
    refuses: /in maintenance/,
  }),
  meanwhile({
    name: 'the launch is over before it is given up',
    nodes: 3,
    hooks: true,
    step: 'give-up-launch',
    lead: cantJoin,
    happens: (moment) => {
      const { autoScaling } = moment.context.ports;
      const { describe } = autoScaling;
      makeRoom(moment);
      const entered = async (...args: Parameters<typeof describe>) => {
        const fact = await describe(...args);
        const instances = fact.instances.map((each) => ({ ...each, lifecycleState: 'InService' }));
        return { ...fact, instances };
      };
      Object.assign(autoScaling, { describe: entered });
      return () => Object.assign(autoScaling, { describe });
    },
    refuses: /does not launch any more/,
  }),
  meanwhile({
    name: 'a record is written before a launch is given up',
    nodes: 3,
    hooks: true,
    step: 'give-up-launch',
    lead: cantJoin,
    happens: (moment) => {
      makeRoom(moment);
      return laterRecord(moment);
    },
    refuses: /was written meanwhile/,
  }),
  meanwhile({
    name: 'an addition whose answer was lost has committed before the launch is given up',
    nodes: 3,
    hooks: true,
    step: 'give-up-launch',
    lead: cantJoin,
    happens: (moment) => {
      makeRoom(moment);
      const { node, step, context } = moment;
      const { servers } = context.ports;
      const { open } = servers;
      const members = [memberAt(step.id ?? 0, node.address, 'participant')];
      const session: Partial<Session> = {
        config: async () => ({ version: ZXID_ZERO, members }),
        close: async () => undefined,
      };
      Object.assign(servers, { open: async () => session });
      return () => Object.assign(servers, { open });
    },
    refuses: /was added to the config meanwhile/,
  }),
  meanwhile({
    name: 'a proposal is void before its record is accepted',
    nodes: 3,
    step: 'accept-record',
    lead: lose(1),
    happens: async ({ step, context }) => {
      const { proposal, record } = step;
      const { ports, signal } = context;
      await createOutcome(ports.objects, { kind: 'void', proposal, number: record.number }, signal);
      return () => undefined;
    },
    refuses: /is void/,
  }),
  meanwhile({
    name: 'a node that can not answer has no report any more when the record is accepted',
    nodes: 3,
    step: 'accept-record',
    lead: lose(1),
    happens: ({ step }) => {
      Object.assign(step.unasked, { 'i-9999': 'its facts' });
      return () => undefined;
    },
    refuses: /report of i-9999 is another one/,
  }),
  meanwhile({
    name: 'a fence is raised before a server starts',
    nodes: 3,
    step: 'start-server',
    lead: (scenario) => {
      const [follower] = scenario.followers;
      if (follower) scenario.world.ensemble.kill(follower, 'by hand');
    },
    happens: ({ node }) => {
      node.disk.fence = { record: 1 };
      return () => {
        node.disk.fence = undefined;
      };
    },
    refuses: /fence was raised meanwhile/,
  }),
  meanwhile({
    name: 'a node that was removed is a member again before its server stops',
    nodes: 3,
    step: 'stop-removed',
    lead: (scenario) => {
      scenario.followers[0]?.run({ command: 'leave', limitMs: 60_000 });
    },
    happens: (moment) =>
      saying(moment, ({ members }) => ({
        members: [...members, memberAt(moment.step.id, moment.node.address, 'participant')],
      })),
    refuses: /holds this node again/,
  }),
  meanwhile({
    name: 'a server starts before its files change',
    nodes: 3,
    atGenesis: true,
    step: 'prepare-genesis',
    lead: () => undefined,
    happens: ({ context }) => {
      const { server } = context.ports;
      const { state } = server;
      Object.assign(server, { state: async () => ({ kind: 'running', upMs: 10 }) });
      return () => Object.assign(server, { state });
    },
    refuses: /server started meanwhile/,
  }),
  ...(['propose-record', 'accept-record', 'keep-source', 'found-forced'] as const).map((step) =>
    meanwhile({
      name: `the fence is gone before ${step}`,
      nodes: 3,
      step,
      lead: lose(1),
      happens: unfence,
      refuses: /fence is gone/,
    }),
  ),
  meanwhile({
    name: 'a record is written before a fence falls',
    nodes: 3,
    step: 'lift-fence',
    lead: lose(1),
    happens: laterRecord,
    refuses: /the fence stays/,
  }),
  meanwhile({
    name: 'a record is written before the owner of the last one founds',
    nodes: 3,
    step: 'found-forced',
    lead: lose(1),
    happens: laterRecord,
    refuses: /was written meanwhile/,
  }),
  meanwhile({
    name: 'a node whom the record names is not fenced any more when its owner founds',
    nodes: 5,
    step: 'found-forced',
    lead: lose(2),
    happens: ({ scenario, node }) => {
      const { objects } = scenario.world.cloud;
      const other = scenario.nodes.find((each) => each !== node && objects.get(`reports/${each.name}.json`));
      const key = `reports/${other?.name}.json`;
      const body = objects.get(key)?.body;
      assert.ok(body);
      objects.put(key, body.replace('"fenced":true', '"fenced":false'));
      return () => objects.put(key, body);
    },
    refuses: /not fenced any more/,
  }),
  ...(['write-report', 'lift-fence', 'propose-record'] as const).map((step) =>
    meanwhile({
      name: `an earlier write of the report arrives before ${step}`,
      nodes: 3,
      step,
      lead: lose(1),
      happens: lateReport,
      refuses: step === 'propose-record' ? /another one by now/ : /arrived late/,
    }),
  ),
];
