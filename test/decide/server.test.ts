/** The node's own server: what counts as stopped, as failed, and as working (docs/protocol.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import { known, unknown } from '../../src/model/cloud.ts';
import type { Observation } from '../../src/model/observation.ts';
import type { Decision } from '../../src/model/step.ts';
import {
  configOf,
  diskOf,
  ensembleOf,
  genesisOf,
  groupFact,
  healthy,
  instanceOf,
  sharedOf,
  silent,
} from './situation.ts';

function told(decision: Decision): string {
  return decision.kind === 'step' ? decision.step.kind : decision.kind;
}

/** Its process ended a moment ago, and the supervisor will start it again. */
const RESTARTING: Observation['server'] = {
  upMs: undefined,
  restarting: true,
  answer: { kind: 'silent', why: 'connection refused' },
};

const terminating = known({
  ...groupFact([1, 2, 3]),
  instances: [1, 2, 3].map((id) => ({
    instance: instanceOf(id),
    lifecycleState: id === 1 ? 'Terminating:Wait' : 'InService',
  })),
});

const restarting: Readonly<Record<string, { seen: Observation; expected: string }>> = {
  'beside an ensemble: it is left to its supervisor, not given a fresh config': {
    seen: healthy({ server: RESTARTING }),
    expected: 'wait',
  },
  'without word from AWS: it is left to its supervisor': {
    seen: healthy({ server: RESTARTING, shared: unknown('S3 is silent'), ensemble: undefined }),
    expected: 'wait',
  },
  'damaged data beside an ensemble: it is stopped before the data is touched': {
    seen: healthy({
      server: RESTARTING,
      disk: diskOf(1, { data: { currentEpoch: 1, acceptedEpoch: 1, lastZxid: '0000000100000042', damage: 'torn' } }),
    }),
    expected: 'stop-server',
  },
  'behind a fence: it is stopped': {
    seen: silent({ server: RESTARTING, disk: diskOf(1, { fence: { record: 1 } }) }),
    expected: 'stop-server',
  },
  'under another id than its claim: it is stopped before the id changes': {
    seen: healthy({ server: RESTARTING, disk: diskOf(4), ensemble: ensembleOf([2, 3]) }),
    expected: 'stop-server',
  },
  'a config without it, and no leader: it does not join alone': {
    seen: silent({ server: RESTARTING, disk: diskOf(1, { reported: true, config: configOf([2, 3]) }) }),
    expected: 'write-report',
  },
  'out of the config: its terminate hook is not answered before it is stopped': {
    seen: healthy({
      server: RESTARTING,
      targetState: known('Terminated'),
      stack: { signals: false, terminateHook: 'terminate' },
      group: terminating,
      ensemble: ensembleOf([2, 3]),
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3]),
    }),
    expected: 'stop-removed',
  },
  'a member that is to leave: its terminate hook is not answered meanwhile': {
    seen: healthy({
      server: RESTARTING,
      targetState: known('Terminated'),
      stack: { signals: false, terminateHook: 'terminate' },
      group: terminating,
    }),
    expected: 'wait',
  },
};

for (const [name, { seen, expected }] of Object.entries(restarting)) {
  test(`between two restarts, ${name}`, () => assert.equal(told(decide(seen)), expected));
}
