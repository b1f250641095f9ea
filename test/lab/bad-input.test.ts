// SPDX-License-Identifier: Apache-2.0
/** Bad input gets a clear error and changes nothing: neither on the machine, nor in the bucket, nor a claim. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DescribeSubnetsCommand, RunInstancesCommand } from '@aws-sdk/client-ec2';
import type { ErrorCode } from '../../src/errors.ts';
import { LAB_TIMINGS } from '../../src/timings.ts';
import { oneEnsemble } from './support/agreement.ts';
import { startLab, type TestLab } from './support/lab.ts';
import { bootstrapped } from './support/survivors.ts';
import { errorOf } from './support/told.ts';
import { nothingChangesOn } from './support/unchanged.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 600_000;
/** A run that can only wait gives up after this. */
const SHORT_TICK = { TIMINGS: JSON.stringify({ ...LAB_TIMINGS, tickLimitMs: 5_000, bootstrapLimitMs: 5_000 }) };

interface Case {
  readonly name: string;
  readonly args?: readonly string[];
  readonly exitCode?: number;
  readonly code: ErrorCode;
  /** What the error has to say. */
  readonly says: RegExp;
  /** Makes the bad input in the machine's directory; what it writes into data and conf is removed afterwards. */
  readonly prepare?: (directory: string) => void;
  /** Around the run; returns how to end it. */
  readonly during?: (instance: string) => () => void;
}

describe('bad input on a fresh machine beside an ensemble that it could join', { timeout: LIMIT_MS }, () => {
  let lab: TestLab;
  let written: WrittenData;
  /** A voter with data, and a machine on which nothing was ever run. */
  let voter = '';
  let fresh = '';

  before(async () => {
    lab = await startLab({ nodes: 1, ticks: 'never' });
    await lab.healthy();
    await bootstrapped(lab);
    written = await WrittenData.start(lab);
    await written.write(20);
    voter = (await lab.leader()).instance;
    lab.setBootPlan({ bootstrap: false });
    await lab.scale(2);
    fresh = (
      await lab.nodeWhere('a second machine is on', (node) => node.instance !== voter && node.machine === 'running')
    ).instance;
  });

  after(() => lab?.[Symbol.asyncDispose]());

  const dataOfVoter = (directory: string): void =>
    cpSync(join(lab.directoryOf(voter), 'data', 'version-2'), join(directory, 'data', 'version-2'), {
      recursive: true,
    });
  const cases: readonly Case[] = [
    {
      name: 'an unknown flag',
      args: ['recovery', '--frobnicate'],
      exitCode: 2,
      code: 'BAD_ARGUMENT',
      says: /frobnicate/,
    },
    { name: 'an unknown command', args: ['recover'], exitCode: 2, code: 'BAD_ARGUMENT', says: /recover/ },
    { name: 'no command', args: [], exitCode: 2, code: 'BAD_ARGUMENT', says: /command/ },
    {
      name: 'a setting with a bad value',
      args: ['recovery', '--cluster=two words'],
      code: 'BAD_SETTINGS',
      says: /CLUSTER.*two words/,
    },
    {
      name: 'data of another cluster',
      prepare: (directory) => {
        dataOfVoter(directory);
        mkdirSync(join(directory, 'data', 'zk-agent'));
        const stamp = JSON.parse(readFileSync(join(lab.directoryOf(voter), 'data', 'zk-agent', 'stamp.json'), 'utf8'));
        const foreign = JSON.stringify({ ...stamp, cluster: 'orders-4f1c2a90' });
        writeFileSync(join(directory, 'data', 'zk-agent', 'stamp.json'), foreign);
      },
      code: 'DATA_OF_ANOTHER_CLUSTER',
      says: /orders-4f1c2a90/,
    },
    { name: 'data without a stamp', prepare: dataOfVoter, code: 'DATA_WITHOUT_STAMP', says: /without a stamp/ },
    {
      name: 'a metadata service that is out of order',
      during: (instance) => {
        lab.metadataOf(instance).breakDown(true);
        return () => lab.metadataOf(instance).breakDown(false);
      },
      code: 'NO_METADATA',
      says: /metadata/,
    },
    {
      name: 'a metadata service without credentials',
      during: (instance) => {
        lab.metadataOf(instance).offerCredentials(false);
        return () => lab.metadataOf(instance).offerCredentials(true);
      },
      code: 'NO_CREDENTIALS',
      says: /no credentials/,
    },
    {
      name: 'a bucket that does not exist',
      args: ['bootstrap', '--bucket=no-such-bucket-4f1c2a90'],
      code: 'BAD_SETTINGS',
      says: /no-such-bucket-4f1c2a90.*no such bucket/,
    },
    {
      name: 'a log group that does not exist',
      args: ['bootstrap', '--log-group=/zookeeper/no-such-group'],
      code: 'BAD_SETTINGS',
      says: /no-such-group.*no such log group/,
    },
    {
      name: 'a group that does not exist',
      during: (caller) => {
        lab.fault({ kind: 'empty', service: 'autoscaling', action: 'DescribeAutoScalingGroups', caller });
        return () => lab.clearFaults();
      },
      code: 'NO_GROUP',
      says: /no Auto Scaling group/,
    },
  ];

  for (const { name, args, exitCode = 1, code, says, prepare, during } of cases) {
    for (const words of args ? [args] : [['bootstrap'], ['recovery']]) {
      test(`${name}: zk-agent ${words.join(' ')} says ${code} and changes nothing`, async () => {
        const directory = lab.directoryOf(fresh);
        prepare?.(directory);
        const end = during?.(fresh);
        try {
          const unchanged = await nothingChangesOn(lab, [fresh], { server: 'still' });
          const told = errorOf(await lab.agent(fresh, words, { environment: SHORT_TICK }), exitCode);
          assert.equal(told.code, code, JSON.stringify(told));
          assert.match(told.saw, says);
          await unchanged(name);
        } finally {
          end?.();
          for (const part of ['data', 'conf']) {
            rmSync(join(directory, part), { recursive: true, force: true });
            mkdirSync(join(directory, part), { mode: 0o700 });
          }
        }
      });
    }
  }

  test('an instance that is in no group claims no id and joins nothing', async () => {
    const { ec2 } = lab.lab.operator;
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    const { Instances = [] } = await ec2.send(
      new RunInstancesCommand({
        LaunchTemplate: { LaunchTemplateName: `${lab.cluster}-node` },
        SubnetId: Subnets[0]?.SubnetId,
        MinCount: 1,
        MaxCount: 1,
      }),
    );
    const alone = Instances[0]?.InstanceId ?? '';
    await lab.nodeWhere('its machine is on', (node) => node.instance === alone && node.machine === 'running');
    const unchanged = await nothingChangesOn(lab, [alone], { server: 'still' });
    for (const command of ['bootstrap', 'recovery']) {
      const told = errorOf(await lab.agent(alone, [command], { environment: SHORT_TICK }));
      assert.equal(told.code, 'NO_GROUP', JSON.stringify(told));
      assert.match(told.saw, /in no Auto Scaling group/);
    }
    const told = errorOf(await lab.agent(alone, ['maintenance', 'on']));
    assert.equal(told.code, 'NO_GROUP', JSON.stringify(told));
    await unchanged('An instance by itself');
    await lab.terminate(alone);
    await lab.untilGone([alone]);
  });

  test('once the input is good again, the very same machine joins and has all the data', async () => {
    const run = await lab.agent(fresh, ['bootstrap']);
    assert.equal(run.code, 0, run.stdout + run.stderr);
    await written.checkOn(await oneEnsemble(lab, 2));
    assert.equal((await lab.records()).length, 1);
  });
});
