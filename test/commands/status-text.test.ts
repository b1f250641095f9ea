// SPDX-License-Identifier: Apache-2.0
/** What `zk-agent status` prints, beside the sentences of the decision. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatStatus, type Status } from '../../src/commands/status.ts';
import { decide } from '../../src/decide/decide.ts';
import { standingFacts } from '../../src/facts/standing.ts';
import type { Observation } from '../../src/model/observation.ts';
import { diskOf } from '../decide/parts.ts';
import { healthy, silent } from '../decide/situations.ts';

function linesOf(observation: Observation): readonly string[] {
  const decision = decide(observation);
  const status: Status = {
    saw: 'what was seen',
    decided: decision.kind,
    why: decision.why,
    next: '',
    lifecycleState: undefined,
    inHooks: [],
    signalDue: false,
    standing: standingFacts(observation),
    suspendedProcesses: [],
    byHand: [],
    aside: [],
    leftovers: [],
    observation,
    decision,
  };
  return formatStatus(status).split('\n');
}

test('each piece of advice has a line of its own, behind the reason and in its order', () => {
  const lines = linesOf(silent());
  const told = lines.filter((line) => line.startsWith('do        '));
  assert.equal(told.length, 4);
  assert.equal(told[0], 'do        Only if i-0a02 is stopped or hangs: start i-0a02, or reboot it.');
  assert.match(
    told[3] ?? '',
    /^do {8}Only if i-0a03 was started and rebooted and can't run any more; and fewer than 2 of /,
  );
  assert.ok(lines.findIndex((line) => line.startsWith('because')) < lines.indexOf(told[0] ?? ''));
});

test('the space of the disk is told as it is, and not where the file system does not say', () => {
  const disk = diskOf(1, { freeShare: 0.166, diskBytes: 20 * 2 ** 30 });
  const lines = linesOf(healthy({ disk }));
  assert.ok(lines.includes('disk      3.3 of 20.0 GiB free (16 %)'), lines.join('\n'));
  assert.ok(lines.includes('do        Free space on the disk of i-0a01, or enlarge it.'), lines.join('\n'));
  assert.ok(linesOf(healthy()).every((line) => !line.startsWith('disk ')));
});
