// SPDX-License-Identifier: Apache-2.0
import { votersOf } from '../../src/model/member.ts';
import { table } from '../../tools/table.ts';
import type { LabStatus, NodeView } from '../daemon/lab-status.ts';
import { styled } from './terminal.ts';

/** The status for people: a head line, a table of the nodes, and the agents' last messages. */
export function statusLines(status: LabStatus): string[] {
  const { config, group } = status;
  const members =
    config === undefined
      ? 'no server serves'
      : `config version ${config.version.replace(/^0+(?=.)/, '')} with voters ${votersOf(config)
          .map((voter) => voter.id)
          .join(', ')}`;
  const stack = status.stack === undefined ? '' : `, stack ${status.stack}`;
  const health = status.healthy ? styled('green', 'healthy') : styled('yellow', 'not healthy (yet)');
  // A terminated instance that its group still lists waits for its terminate hook. People want to see it.
  const present = status.nodes.filter((node) => node.state !== 'terminated' || node.lifecycle !== undefined);
  const gone = status.nodes.length - present.length;
  return [
    `lab ${status.name}, cluster ${status.cluster}: ${health}; ${group.desired} desired, ${members}${stack}`,
    ...table([['INSTANCE', 'ZONE', 'ADDRESS', 'STATE', 'GROUP', 'ID', 'ROLE', 'AGENT'], ...present.map(row)]),
    ...standingLines(status),
    ...(status.cuts ?? []).map(({ from, to }) => `cut: nothing that ${from} sends reaches ${to}`),
    ...(gone > 0 ? [`${gone} terminated instance${gone > 1 ? 's' : ''} not shown (--json lists them)`] : []),
  ];
}

/** What a person has to know although all is well. */
function standingLines({ group, nodes }: LabStatus): string[] {
  const held = nodes.filter(({ lifecycle }) => lifecycle?.endsWith(':Wait'));
  const aside = nodes.filter((node) => node.aside !== undefined);
  return [
    ...(group.maintenance ? ['maintenance is on; ./lab.sh agent leader maintenance off ends it'] : []),
    ...(group.suspended.length > 0 ? [`the group has suspended ${group.suspended.join(', ')}`] : []),
    ...held.map(({ instance, lifecycle }) => `a hook holds ${instance} in ${lifecycle}`),
    ...aside.map(({ instance, aside: names = [] }) => `data is set aside on ${instance}: ${names.join(', ')}`),
  ];
}

function row(node: NodeView): string[] {
  const state = node.machine === 'paused' ? `${node.state}, paused` : node.state;
  return [
    node.instance,
    node.zone ?? '',
    node.publicAddress ?? node.address ?? '',
    state,
    node.lifecycle ?? '',
    node.id === undefined ? '' : String(node.id),
    node.role ?? '',
    node.said ?? '',
  ];
}
