// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { bundleProgram } from '../../build/bundle.ts';
import { ProcessMachine, recordedMachineProcess } from '../../lab/hypervisor/process-machine.ts';
import {
  groupMembers,
  processesWithEnvironment,
  processOf,
  runs,
  signalGroup,
} from '../../lab/hypervisor/processes.ts';
import { startLab, type TestLab } from './support/lab.ts';
import { staysSo, waitFor } from './support/wait-for.ts';

const MACHINE = resolve(import.meta.dirname, '../../lab/hypervisor/process-machine-program.ts');
const LIMIT_MS = 60_000;

/**
 * Does nothing of what an agent does, but what a machine must be able to hold: runs that end, last, and leave children.
 */
const RECORDER = `
import { appendFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
const [command, ...rest] = process.argv.slice(2);
appendFileSync('runs', command + '\\n');
if (command === 'bootstrap' || command === 'child') {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'org.apache.zookeeper.server.Standby'], { stdio: 'ignore' });
  child.unref();
  console.log(child.pid);
}
if (command === 'fail') { console.error('said on stderr'); process.exitCode = 7; }
if (command === 'environment') console.log(process.env[rest[0]]);
if (command === 'last') { console.log('begun'); setInterval(() => {}, 1000); }
`;

let directory: string;
let program: string;
let recorder: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zk-machines-'));
  program = join(directory, 'machine.cjs');
  recorder = join(directory, 'agent.mjs');
  writeFileSync(recorder, RECORDER);
  await bundleProgram({ entry: MACHINE, outfile: program });
});
after(() => rm(directory, { recursive: true, force: true }));

let made = 0;
function machine(boot: { tickSeconds: number | 'never'; bootstrap: boolean }): ProcessMachine {
  made += 1;
  const instance = `i-0000000000000${String(made).padStart(4, '0')}`;
  return new ProcessMachine({
    instance,
    directory: join(directory, instance),
    program,
    agentCommand: [process.execPath, recorder],
    bootPlan: () => boot,
    agentEnv: "CLUSTER='c'\n",
    environment: { PATH: process.env.PATH ?? '', ZOOKEEPER_LAB: directory },
  });
}

/** For `await using`: whatever a test does, its machine goes off. */
function switchedOff(each: ProcessMachine): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => each.powerOff() };
}

function runsOf(each: ProcessMachine): string[] {
  const path = join(each.directory, 'runs');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

describe('a machine', () => {
  test('goes off although the order to boot finds its process gone', async () => {
    const one = machine({ tickSeconds: 'never', bootstrap: false });
    await one.prepare();
    const own = recordedMachineProcess(one.directory);
    assert.ok(own !== undefined);
    signalGroup(own.pid, 'SIGKILL');
    // Without a turn of the event loop, so that nobody has heard of its end.
    const stat = () => readFileSync(`/proc/${own.pid}/stat`, 'utf8');
    for (const endMs = Date.now() + LIMIT_MS; !/\) Z /.test(stat()) && Date.now() < endMs; );
    const off = one.powerOff();
    await one.boot();
    await off;
    assert.equal(one.state, 'off');
  });

  test('bootstraps once at boot and ticks from then on; a reboot does it again on the same disk', async () => {
    const one = machine({ tickSeconds: 0.2, bootstrap: true });
    await using _ = switchedOff(one);
    one.boot();
    assert.equal(await one.bootstrapped, 0);
    await waitFor(() => runsOf(one).filter((run) => run === 'recovery').length >= 2, {
      limitMs: LIMIT_MS,
      why: 'two ticks ran',
    });
    assert.equal(readFileSync(join(one.directory, 'agent.env'), 'utf8'), "CLUSTER='c'\n");
    await one.reboot();
    await one.bootstrapped;
    assert.equal(runsOf(one).filter((run) => run === 'bootstrap').length, 2);
  });

  test('runs the agent with arguments and environment, and tells how it ended', async () => {
    const one = machine({ tickSeconds: 'never', bootstrap: false });
    await using _ = switchedOff(one);
    one.boot();
    const heard: string[] = [];
    const failed = await one.runAgent(['fail'], { onOutput: (stream, text) => heard.push(`${stream}: ${text}`) });
    assert.deepEqual(failed, { code: 7, signal: null, stdout: '', stderr: 'said on stderr\n' });
    assert.deepEqual(heard, ['stderr: said on stderr\n']);
    const told = await one.runAgent(['environment', 'COLOUR'], { environment: { COLOUR: 'blue' } });
    assert.equal(told.stdout, 'blue\n');
    assert.deepEqual(runsOf(one), ['fail', 'environment']);
  });

  test('ends a run whose caller gives up, and those of a machine that goes off', async () => {
    const one = machine({ tickSeconds: 'never', bootstrap: false });
    await using _ = switchedOff(one);
    one.boot();
    const begun = Promise.withResolvers<void>();
    const giveUp = new AbortController();
    const ended = one.runAgent(['last'], { signal: giveUp.signal, onOutput: () => begun.resolve() });
    await begun.promise;
    giveUp.abort();
    assert.equal((await ended).signal, 'SIGTERM');
    const cut = one.runAgent(['last']);
    await Promise.all([assert.rejects(cut, /went off/), one.powerOff()]);
    await assert.rejects(one.runAgent(['last']), /is off/);
  });

  test('holds everything in one group: pause, resume and the plug reach what the agent has started', async () => {
    const one = machine({ tickSeconds: 'never', bootstrap: false });
    await using _ = switchedOff(one);
    one.boot();
    const pid = Number((await one.runAgent(['child'])).stdout);
    const child = processOf(pid);
    assert.ok(child);
    one.pause();
    assert.equal(one.state, 'paused');
    const stateOf = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.charAt(0) ?? '';
    await waitFor(() => stateOf() === 'T', { limitMs: LIMIT_MS, why: 'the child is stopped' });
    one.resume();
    await waitFor(() => stateOf() !== 'T', { limitMs: LIMIT_MS, why: 'the child goes on' });
    one.pause();
    await one.powerOff();
    assert.equal(runs(child), false);
    assert.equal(one.state, 'off');
    assert.equal(recordedMachineProcess(one.directory), undefined);
  });

  test('kills the server alone, or the agent alone', async () => {
    const one = machine({ tickSeconds: 'never', bootstrap: false });
    await using _ = switchedOff(one);
    one.boot();
    const server = Number((await one.runAgent(['child'])).stdout);
    const begun = Promise.withResolvers<void>();
    const run = one.runAgent(['last'], { onOutput: () => begun.resolve() });
    await begun.promise;
    assert.deepEqual(
      one.kill('zookeeper').map(({ pid }) => pid),
      [server],
    );
    assert.equal(one.kill('agent').length, 1);
    assert.equal((await run).signal, 'SIGKILL');
    assert.equal(one.state, 'running');
  });

  test('ends with the process that started it, even when that is killed', async () => {
    const one = machine({ tickSeconds: 'never', bootstrap: true });
    const modulePath = pathToFileURL(resolve(import.meta.dirname, '../../lab/hypervisor/process-machine.ts')).href;
    const options = {
      instance: one.instance,
      directory: one.directory,
      program,
      agentCommand: [process.execPath, recorder],
      agentEnv: '',
      environment: { PATH: process.env.PATH ?? '', ZOOKEEPER_LAB: directory },
    };
    const script = `const { ProcessMachine } = await import(${JSON.stringify(modulePath)});
      const one = new ProcessMachine({ ...${JSON.stringify(options)}, bootPlan: () => ({ tickSeconds: 'never', bootstrap: true }) });
      one.boot(); await one.bootstrapped; console.log('ready'); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(parent.stdout, 'data');
    const first = recordedMachineProcess(one.directory);
    assert.ok(first && runs(first));
    assert.ok(groupMembers(first.pid).length >= 2);
    parent.kill('SIGKILL');
    try {
      await waitFor(() => groupMembers(first.pid).length === 0, {
        limitMs: LIMIT_MS,
        why: 'nothing of the machine is left',
      });
    } finally {
      signalGroup(first.pid, 'SIGKILL');
    }
  });
});

describe('the hypervisor', () => {
  let lab: TestLab;

  before(async () => {
    lab = await startLab({ nodes: 2, ticks: 'never', agentCommand: [process.execPath, recorder] });
  });
  after(() => lab[Symbol.asyncDispose]());

  const machinesOn = (): number => lab.lab.hypervisor.hosts.filter((host) => host.machine.state === 'running').length;
  const untilTwoRun = (): Promise<true> =>
    waitFor(() => machinesOn() === 2 || undefined, { limitMs: LIMIT_MS, why: 'two machines run' });

  test('gives a running instance a machine with the settings of its user data', async () => {
    await untilTwoRun();
    const addresses = lab.lab.hypervisor.hosts.map((host) => host.address);
    assert.equal(new Set(addresses).size, 2);
    const [host] = lab.lab.hypervisor.hosts;
    assert.ok(host);
    const settings = readFileSync(join(host.machine.directory, 'agent.env'), 'utf8');
    assert.match(settings, new RegExp(`^CLUSTER='${lab.cluster}'$`, 'm'));
    assert.match(settings, new RegExp(`^DATA_DIR='${join(host.machine.directory, 'data')}'$`, 'm'));
    assert.match(settings, /^TIMINGS='lab'$/m);
    assert.ok(addresses.every((address) => /^127\.(1[6-9]|2\d|3[01])\./.test(address)));
  });

  test('pulls the plug of a terminated instance, and gives its replacement a machine', async () => {
    await untilTwoRun();
    const [host] = lab.lab.hypervisor.hosts;
    assert.ok(host);
    await host.machine.bootstrapped;
    const machineProcess = recordedMachineProcess(host.machine.directory);
    assert.ok(machineProcess);
    await waitFor(() => groupMembers(machineProcess.pid).length >= 2, {
      limitMs: LIMIT_MS,
      why: 'a server runs there',
    });
    await lab.terminate(host.instance);
    await lab.untilGone([host.instance]);
    assert.equal(groupMembers(machineProcess.pid).length, 0);
    await untilTwoRun();
    assert.ok(lab.lab.hypervisor.hosts.every((each) => each.instance !== host.instance));
  });

  test('takes an instance for gone on EC2’s word alone: faults change nothing', async () => {
    await untilTwoRun();
    const before = lab.lab.hypervisor.hosts.map((host) => host.instance);
    lab.fault({ kind: 'empty', service: 'ec2', seconds: 3 });
    lab.fault({ kind: 'outage', seconds: 3 });
    await staysSo(() => machinesOn() === 2, { limitMs: 2_000, why: 'both machines run' });
    lab.clearFaults();
    assert.deepEqual(
      lab.lab.hypervisor.hosts.map((host) => host.instance),
      before,
    );
  });

  test('every process carries the mark of its lab, and none outlives it', async () => {
    const two = await startLab({ nodes: 1, ticks: 'never', agentCommand: [process.execPath, recorder] });
    try {
      await waitFor(() => two.lab.hypervisor.hosts[0]?.machine.state === 'running', {
        limitMs: LIMIT_MS,
        why: 'the machine runs',
      });
      // The machine, and the server's stand-in, which its machine starts after it says that it runs.
      await waitFor(() => processesWithEnvironment('ZOOKEEPER_LAB', two.lab.state.path).length >= 2, {
        limitMs: LIMIT_MS,
        why: 'both processes carry the mark',
      });
    } finally {
      await two[Symbol.asyncDispose]();
    }
    assert.deepEqual(processesWithEnvironment('ZOOKEEPER_LAB', two.lab.state.path), []);
  });
});
