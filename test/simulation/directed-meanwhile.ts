// SPDX-License-Identifier: Apache-2.0
/**
 * What can happen between a look and its step, re-check by re-check (meanwhile.ts): the node, its server, its
 * membership.
 */
import assert from 'node:assert/strict';
import { memberAt } from '../../src/model/member.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import type { Session } from '../../src/ports.ts';
import type { Case } from './directed-cases.ts';
import { type Meanwhile, meanwhile } from './meanwhile.ts';
import {
  cantJoin,
  claim,
  dieForGood,
  fence,
  grow,
  laterRecord,
  makeRoom,
  recordAbove,
  saying,
  withoutSelf,
} from './moments.ts';
import { blankData } from './node/disk-state.ts';
import type { Scenario } from './scenario.ts';

/** A serving voter whose stamp is gone gets it again from what its own server says; each of these must hold then. */
function mendingCases(): readonly Case[] {
  const rows: readonly Pick<Meanwhile<'mend-files'>, 'name' | 'happens' | 'refuses'>[] = [
    {
      name: 'the config moves on before the files of a voter are written anew',
      happens: (moment) => saying(moment, () => ({ version: ZXID_ZERO })),
      refuses: /has moved on/,
    },
    {
      name: 'a node votes no more when its files are to be written anew',
      happens: withoutSelf,
      refuses: /does not vote any more/,
    },
    {
      name: 'a record is written before the files of a voter are written anew',
      happens: laterRecord,
      refuses: /newer lineage record/,
    },
    {
      name: 'the config turns out to be older than the record when the files of a voter are to be written anew',
      happens: recordAbove,
      refuses: /older than the newest record/,
    },
    {
      name: 'a fence is raised before the files of a voter are written anew',
      happens: fence,
      refuses: /fence was raised meanwhile/,
    },
  ];
  const lead = (scenario: Scenario): void => {
    const [follower] = scenario.followers;
    if (follower) follower.disk.stamp = undefined;
  };
  return rows.map((row) => meanwhile({ ...row, nodes: 3, step: 'mend-files', lead }));
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
    name: 'a fence is raised before a server starts',
    nodes: 3,
    step: 'start-server',
    lead: (scenario) => {
      const [follower] = scenario.followers;
      if (follower) scenario.world.ensemble.kill(follower, 'by hand');
    },
    happens: fence,
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
  ...mendingCases(),
  meanwhile({
    name: 'the data is another before it is noted as such that no server starts on',
    nodes: 3,
    step: 'note-failed-start',
    lead: (scenario) => {
      const [follower] = scenario.followers;
      assert.ok(follower?.disk.data);
      scenario.world.ensemble.kill(follower, 'crashes');
      follower.disk.data.unloadable = true;
    },
    happens: ({ node }) => {
      const { data } = node.disk;
      assert.ok(data);
      data.acceptedEpoch += 1;
      return () => {
        data.acceptedEpoch -= 1;
      };
    },
    refuses: /is another now/,
  }),
];
