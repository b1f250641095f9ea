// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusLines } from '../../lab/commands/status-table.ts';
import type { LabStatus } from '../../lab/daemon/lab-status.ts';

const GROUP = { name: 'group', desired: 1, maximum: 3, suspended: [], maintenance: false };

const NODE = { instance: 'i-1', state: 'running', lifecycle: 'InService' } as const;

function linesOf(change: Partial<LabStatus>): string {
  const status: LabStatus = {
    name: 'lab',
    cluster: 'lab-00000000',
    group: GROUP,
    nodes: [NODE],
    healthy: true,
    ...change,
  };
  return statusLines(status).join('\n');
}

test('maintenance, suspended processes, a hook that waits and data set aside are told in a healthy lab too', () => {
  assert.doesNotMatch(linesOf({}), /maintenance|suspended|hook|aside/);
  const lines = linesOf({
    group: { ...GROUP, suspended: ['Launch', 'Terminate'], maintenance: true },
    nodes: [{ ...NODE, lifecycle: 'Terminating:Wait', aside: ['before-3'] }],
  });
  assert.match(lines, /healthy/);
  assert.match(lines, /^maintenance is on; /m);
  assert.match(lines, /^the group has suspended Launch, Terminate$/m);
  assert.match(lines, /^a hook holds i-1 in Terminating:Wait$/m);
  assert.match(lines, /^data is set aside on i-1: before-3$/m);
});
