// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { callLab, startDaemon } from '../../lab/commands/lab-client.ts';
import type { LabStatus, NodeRole, NodeView } from '../../lab/daemon/lab-status.ts';
import { LAB_VARIABLE, type StateDirectory } from '../../lab/daemon/state-directory.ts';
import { nodesMeant, TargetError } from '../../lab/daemon/targets.ts';
import { processesWithEnvironment, runs, signalProcess } from '../../lab/hypervisor/processes.ts';
import { ZookeeperClient } from '../../src/client/index.ts';
import { memberAt } from '../../src/model/member.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import { outcomeOf } from '../../tools/program.ts';
import { namedLab, runCommand } from './support/command-line.ts';
import { waitFor } from './support/wait-for.ts';

const LIMIT_MS = 120_000;
const COMMANDS = [
  ...[
    'demo',
    'up',
    'status',
    'terminate',
    'pause',
    'resume',
    'reboot',
    'kill',
    'scale',
    'update',
    'forget',
    'delete',
    'deploy',
  ],
  ...['fault', 'partition', 'heal', 'logs', 'connect', 'env', 'calls', 'agent', 'down'],
];

/** What an SDK sees that is told of the lab by these variables alone, in a process of its own. */
async function instancesFor(variables: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const program = `
    import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
    const { Reservations = [] } = await new EC2Client({}).send(new DescribeInstancesCommand({}));
    console.log(JSON.stringify(Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId))));
  `;
  const { stdout, stderr } = await outcomeOf(process.execPath, ['--input-type=module', '--eval', program], {
    directory: resolve(import.meta.dirname, '../..'),
    environment: { HOME: '/nonexistent', ...variables },
  });
  assert.notEqual(stdout, '', stderr);
  return (JSON.parse(stdout) as string[]).toSorted();
}

function processesOf(state: StateDirectory): number {
  return processesWithEnvironment(LAB_VARIABLE, state.path).length;
}

/** As a crash of the lab: it gets no chance to clear up. */
async function killDaemon(state: StateDirectory): Promise<void> {
  const daemon = state.readDaemon();
  assert.ok(daemon && signalProcess(daemon, 'SIGKILL'));
  await waitFor(() => !runs(daemon), { limitMs: LIMIT_MS, why: 'the killed daemon is gone' });
}

describe('the command line of the lab', () => {
  test('every command has help with an example', async () => {
    const { stdout } = await runCommand('--help');
    for (const command of COMMANDS) assert.match(stdout, new RegExp(`^  \\./lab\\.sh ${command}\\b`, 'm'));
    for (const command of COMMANDS) {
      const help = await runCommand(command, '--help');
      assert.equal(help.code, 0);
      assert.match(help.stdout, /Examples:/, command);
    }
  });

  test('what a person got wrong is said and ends with 2', async () => {
    await using lab = namedLab();
    const wrong = [
      [['bogus'], /Unknown command: bogus/],
      [['terminate'], /Not enough non-option arguments/],
      [['up', '--nodes', '0'], /--nodes is an odd number from 1 to 9/],
      [['up', '--nodes', '4'], /--nodes is an odd number from 1 to 9/],
      [['up', '--frobnicate'], /frobnicate/],
      [['fault', 'earthquake'], /earthquake/],
      [['fault', 'slow', '--service', 'nosuch'], /Given: "nosuch"/],
      [['fault', 'slow', '--count', '0'], /--count is a whole number above 0/],
      [['scale', 'many'], /a number, written in digits/],
      [['update', '--image-id', 'mine'], /--image-id is the id of an image/],
      [['status'], /No lab ".*" is up; start one with/],
      [['terminate', 'leader'], /No lab ".*" is up/],
    ] as const;
    for (const [args, message] of wrong) {
      const result = await lab.run(...args);
      assert.equal(result.code, 2, `${args.join(' ')}: ${result.stderr}`);
      assert.match(result.stderr, message);
      assert.equal(result.stdout, '');
    }
    const named = await runCommand('status', '--name', '../x');
    assert.equal(named.code, 2);
    assert.match(named.stderr, /A lab's name is/);
    assert.equal(existsSync(lab.state.path), false);
  });
});

describe('targets', () => {
  const node = (id: number, role: NodeRole): NodeView => ({
    instance: `i-${id}${'0'.repeat(15)}`,
    state: 'running',
    machine: 'running',
    address: `127.16.16.${id}`,
    id,
    role,
  });
  const lab = (nodes: readonly NodeView[], voters: readonly number[]): LabStatus => ({
    name: 'lab',
    cluster: 'lab-00000000',
    group: {
      name: 'group',
      desired: voters.length,
      maximum: voters.length,
      suspended: [],
      maintenance: false,
    },
    config: { version: ZXID_ZERO, members: voters.map((id) => memberAt(id, `127.16.16.${id}`, 'participant')) },
    nodes,
    healthy: true,
  });
  const five = [1, 2, 3, 4, 5].map((id) => node(id, id === 2 ? 'leader' : 'follower'));
  const idsMeant = (status: LabStatus, target: string): (number | undefined)[] =>
    nodesMeant(status, target).map(({ id }) => id);

  test('the majority takes the quorum with it, the leader included; the minority leaves it', () => {
    const status = lab(five, [1, 2, 3, 4, 5]);
    assert.deepEqual(idsMeant(status, 'majority'), [2, 5, 4]);
    assert.deepEqual(idsMeant(status, 'minority'), [1, 3]);
    assert.deepEqual(idsMeant(status, 'leader'), [2]);
    assert.deepEqual(idsMeant(status, 'all'), [1, 2, 3, 4, 5]);
    assert.deepEqual(idsMeant(status, '4'), [4]);
    assert.deepEqual(idsMeant(status, 'i-30'), [3]);
  });

  test('the dead that the config lists count', () => {
    const status = lab(five.slice(0, 3), [1, 2, 3, 4, 5]);
    assert.deepEqual(idsMeant(status, 'majority'), [2]);
    assert.throws(() => nodesMeant(status, 'minority'), TargetError);
  });

  test('half of four is a majority to lose; a joiner is none of the voters', () => {
    const status = lab([...five.slice(0, 4), node(6, 'joining')], [1, 2, 3, 4]);
    assert.deepEqual(idsMeant(status, 'majority'), [2, 4]);
    assert.deepEqual(idsMeant(status, 'minority'), [1]);
  });

  test('what means nothing, or several, is refused', () => {
    const status = lab(five.slice(0, 1), [1]);
    assert.throws(() => nodesMeant(status, 'leader'), /No node leads/);
    assert.throws(() => nodesMeant(status, '9'), /No node is called "9". There are: i-10+ \(id 1\)/);
    assert.throws(() => nodesMeant(lab(five, [1]), 'i-'), /begins the id of 5 instances/);
  });
});

describe('a lab in the background', () => {
  test('a lab that can’t start says why and is gone', async () => {
    await using lab = namedLab();
    const daemon = await startDaemon({ name: lab.name, nodes: -1, productionTiming: false });
    await assert.rejects(callLab(lab.name, 'status', {}), /deploy\.sh ended with 2:[\s\S]*--numhosts/);
    await waitFor(() => !runs(daemon), { limitMs: LIMIT_MS, why: 'the daemon has ended' });
    // What ends with the daemon may take a moment more.
    await waitFor(() => processesOf(lab.state) === 0, { limitMs: LIMIT_MS, why: 'all that it had started is gone' });
  });

  test('one node, from up to down, with every verb', async () => {
    await using lab = namedLab();
    const up = await lab.run('up', '--nodes', '1', '--json');
    assert.equal(up.code, 0, up.stderr);
    const { healthy, connect, nodes } = JSON.parse(up.stdout) as LabStatus & { connect: string };
    assert.equal(healthy, true);
    assert.equal(nodes.length, 1);
    const [node] = nodes;
    assert.ok(node?.address);

    assert.equal((await lab.run('connect')).stdout.trim(), connect);
    await using client = await ZookeeperClient.connect({ servers: connect });
    await client.create('/greeting', { data: Buffer.from('hello') });

    const line = new RegExp(`${node.instance} .* ${node.address} .* leader`);
    await waitFor(async () => line.test((await lab.run('status')).stdout), { limitMs: LIMIT_MS, why: 'it leads' });
    const again = await lab.run('up', '--nodes', '1');
    assert.equal(again.code, 2);
    assert.match(again.stderr, /is up already/);

    const agent = await lab.run('agent', '1', 'status');
    assert.equal(agent.code, 0, agent.stderr);
    assert.notEqual(agent.stdout, '');
    const servers = await lab.run('agent', '1', 'connection-string', '--json');
    assert.equal(servers.code, 0, servers.stderr);
    const told = JSON.parse(servers.stdout) as { readonly connectionString: string; readonly source: string };
    assert.deepEqual([told.connectionString, told.source], [connect, 'config']);
    assert.notEqual((await lab.run('agent', '1', 'nonsense')).code, 0);
    assert.equal((await lab.run('agent', '9', 'status')).code, 2);
    assert.match((await lab.run('logs', node.instance)).stdout, /"command":"bootstrap"/);
    await waitFor(async () => /QuorumPeer/.test((await lab.run('logs', 'leader', '--zookeeper')).stdout), {
      limitMs: LIMIT_MS,
      why: 'the log of the leader is shown',
    });

    const calls = JSON.parse((await lab.run('calls', '--json')).stdout) as { caller: string; action: string }[];
    assert.ok(calls.some((call) => call.caller === node.instance && call.action === 'CreateLogStream'));
    assert.ok(calls.every((call) => call.caller !== 'lab'));

    const fault = await lab.run('fault', 'throttle', '--service', 'ec2', '--count', '1000', '--json');
    assert.equal(fault.code, 0, fault.stderr);
    assert.equal((JSON.parse((await lab.run('fault', '--json')).stdout) as object[]).length, 1);
    await lab.run('fault', '--clear');
    assert.equal((await lab.run('fault', '--json')).stdout.trim(), '[]');

    const killed = await lab.run('kill', '1');
    assert.match(killed.stderr, /: killed \d+/);
    await lab.run('pause', 'all');
    assert.match((await lab.run('status')).stdout, /running, paused/);
    const refused = await lab.run('agent', node.instance, 'status', '--json');
    assert.equal(refused.code, 2);
    const { error } = JSON.parse(refused.stdout) as { error: { message: string } };
    assert.match(error.message, new RegExp(`is paused.* \\./lab\\.sh resume --name ${lab.name}`));
    await lab.run('resume', 'all');
    await lab.run('reboot', node.instance.slice(0, 6));
    const untilHealthy = (image?: string): Promise<LabStatus> =>
      waitFor(
        async () => {
          const status = JSON.parse((await lab.run('status', '--json')).stdout) as LabStatus;
          const on = status.nodes.filter(({ machine }) => machine !== undefined);
          // One that leaves goes on for a moment.
          return status.healthy && on.length === 1 && on[0]?.image === (image ?? on[0]?.image) ? status : undefined;
        },
        { limitMs: LIMIT_MS, why: 'the one node that is wanted votes' },
      );
    await untilHealthy();
    // The session of the first client may have ended meanwhile.
    await using later = await ZookeeperClient.connect({ servers: connect });
    assert.equal(Buffer.from((await later.get('/greeting')).data).toString(), 'hello');
    assert.notEqual((await lab.run('forget', node.instance)).code, 0, 'a running instance is not forgotten');

    const unknown = await lab.run('update', '--image-id', 'ami-00000000000000000');
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /The image ami-00000000000000000 \(--ami\) does not exist/);
    const update = await lab.run('update', '--json');
    assert.equal(update.code, 0, update.stderr);
    assert.match(update.stderr, /Received SUCCESS signal/);
    const { imageId } = JSON.parse(update.stdout) as { imageId: string };
    const updated = await untilHealthy(imageId);
    assert.equal(updated.stack, 'UPDATE_COMPLETE');
    const after = (await lab.run('connect')).stdout.trim();
    await using other = await ZookeeperClient.connect({ servers: after });
    assert.equal(Buffer.from((await other.get('/greeting')).data).toString(), 'hello');

    const variables = JSON.parse((await lab.run('env', '--json')).stdout) as Record<string, string>;
    const shell = await lab.run('env');
    const inShell = await outcomeOf('sh', ['-c', `${shell.stdout}env`], { environment: { AWS_PROFILE: 'mine' } });
    for (const [name, value] of Object.entries(variables)) assert.ok(inShell.stdout.includes(`${name}=${value}\n`));
    assert.ok(!inShell.stdout.includes('AWS_PROFILE'));
    assert.deepEqual(await instancesFor(variables), updated.nodes.map(({ instance }) => instance).toSorted());

    const above = await lab.run('scale', '1');
    assert.doesNotMatch(above.stderr, /AWS refuses/);
    const deletion = await lab.run('delete');
    assert.equal(deletion.code, 0, deletion.stderr);
    const gone = await lab.run('update');
    assert.equal(gone.code, 2, gone.stderr);
    assert.match(gone.stderr, new RegExp(`The stack is deleted, .* \\./lab\\.sh deploy --name ${lab.name}`));
    const without = JSON.parse((await lab.run('status', '--json')).stdout) as LabStatus;
    assert.deepEqual([without.stack, without.healthy, without.group.desired], ['DELETE_COMPLETE', false, 0]);
    const deployment = await lab.run('deploy', '--json');
    assert.equal(deployment.code, 0, deployment.stderr);
    const anew = await untilHealthy();
    assert.deepEqual(JSON.parse(deployment.stdout), { cluster: anew.cluster });
    assert.notEqual(anew.cluster, updated.cluster);

    const down = await lab.run('down');
    assert.equal(down.code, 0, down.stderr);
    assert.equal(processesOf(lab.state), 0);
    assert.equal(existsSync(lab.state.path), false);
    assert.equal((await lab.run('down')).code, 0);
  });

  test('two labs side by side have addresses of their own', async () => {
    await using one = namedLab();
    await using other = namedLab();
    const ups = await Promise.all([one, other].map((lab) => lab.run('up', '--nodes', '1', '--json')));
    const networks = ups.map((up) => {
      assert.equal(up.code, 0, up.stderr);
      return (JSON.parse(up.stdout) as { connect: string }).connect.split('.')[1];
    });
    assert.notEqual(networks[0], networks[1]);
    await one.run('down');
    const isHealthy = async (): Promise<boolean> =>
      (JSON.parse((await other.run('status', '--json')).stdout) as LabStatus).healthy;
    await waitFor(isHealthy, { limitMs: LIMIT_MS, why: 'the other goes on' });
  });

  test('a daemon that was killed leaves nothing that down does not find, paused machines included', async () => {
    await using lab = namedLab();
    const up = await lab.run('up', '--nodes', '1');
    assert.equal(up.code, 0, up.stderr);
    await lab.run('pause', 'all');
    await killDaemon(lab.state);
    const status = await lab.run('status');
    assert.equal(status.code, 2);
    assert.match(status.stderr, /has ended by itself/);
    assert.ok(processesOf(lab.state) > 0, 'the paused machine is still there');
    const down = await lab.run('down');
    assert.equal(down.code, 0, down.stderr);
    assert.equal(processesOf(lab.state), 0);
    assert.equal(existsSync(lab.state.path), false);
  });

  test('the next up clears away what a killed daemon has left', async () => {
    await using lab = namedLab();
    const first = await lab.run('up', '--nodes', '1');
    assert.equal(first.code, 0, first.stderr);
    await lab.run('pause', 'all');
    await killDaemon(lab.state);
    const left = processesWithEnvironment(LAB_VARIABLE, lab.state.path);
    const second = await lab.run('up', '--nodes', '1');
    assert.equal(second.code, 0, second.stderr);
    assert.ok(left.every((each) => !runs(each)));
  });

  test('Ctrl-C during up takes everything back', async () => {
    for (const moment of ['starting moto', 'deploying the stack', 'instances run']) {
      await using lab = namedLab();
      const up = lab.start('up', '--nodes', '1');
      await up.until(moment);
      up.child.kill('SIGINT');
      const result = await up.result;
      assert.equal(result.code, 130, result.stderr);
      assert.equal(processesOf(lab.state), 0);
      assert.equal(existsSync(lab.state.path), false);
    }
  });
});
