// SPDX-License-Identifier: Apache-2.0
/** What is left of machines when their daemon is killed: nothing that runs. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Container } from '../../lab/container/container.ts';
import { sweepContainers } from '../../lab/container/container-record.ts';
import { mountsUnder, overlayOptions } from '../../lab/container/layers.ts';
import { type LinuxProcess, processOf, runs } from '../../lab/hypervisor/processes.ts';
import { runProgram } from '../../tools/program.ts';
import { Machines, until, whyNoBoundedDisks, whyNoMachines } from './machines.ts';

const skip = (await whyNoMachines()) ?? false;
const skipBounded = skip || ((await whyNoBoundedDisks()) ?? false);

let machines: Machines;

before(async () => {
  if (skip === false) machines = await Machines.make();
});

after(() => machines?.[Symbol.asyncDispose]());

/** Boots the machine in another process, which is the daemon then. */
async function leave(container: Container): Promise<{ daemon: ChildProcess; first: LinuxProcess }> {
  const words = [join(import.meta.dirname, 'left-machine.ts'), JSON.stringify(container.options)];
  const daemon = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = await new Promise<string>((resolve, reject) => {
    daemon.stdout.once('data', (data: Buffer) => resolve(data.toString()));
    daemon.once('exit', (code) => reject(new Error(`The daemon ended with ${code}.`)));
  });
  const first = processOf(Number(said.split(' ')[1]));
  assert.ok(first !== undefined);
  return { daemon, first };
}

const mounts = (): readonly string[] => mountsUnder(machines.directory, readFileSync('/proc/self/mountinfo', 'utf8'));

function groupsLeft(name: string): readonly string[] {
  return ['freezer', 'memory', 'systemd', 'unified', '.'].flatMap((hierarchy) => {
    const directory = join('/sys/fs/cgroup', hierarchy, 'zookeeper-lab');
    return existsSync(directory) ? readdirSync(directory).filter((entry) => entry === name) : [];
  });
}

test('a daemon that is killed leaves no process and no mount; the sweep removes the rest, and the disk stays', {
  skip,
}, async () => {
  const machine = await machines.machine('i-0b', '10.77.1.2');
  const { daemon, first } = await leave(machine);
  assert.ok(runs(first));
  assert.deepEqual(mounts(), []);
  const written = join(machine.upperDirectory, 'etc/machine-id');
  await until('it has written to its disk', 20_000, async () => existsSync(written) || undefined);
  daemon.kill('SIGKILL');
  await until('the machine is dead', 10_000, async () => !runs(first) || undefined);
  await sweepContainers(machines.directory);
  assert.deepEqual(groupsLeft(machine.options.name), []);
  assert.ok(existsSync(written));
  await machine.boot();
  await machine.powerOff();
});

test('the sweep ends a machine that still runs, even a paused one, and undoes mounts', { skip }, async () => {
  const machine = await machines.machine('i-0c', '10.77.1.3');
  await machine.boot();
  await until('services run', 20_000, async () => machine.processes().length > 3 || undefined);
  await machine.pause();
  const pids = machine.processes().map(({ pid }) => pid);
  assert.ok(pids.length > 1);
  const [target, lower, upper, work] = ['mounted', 'lower', 'u', 'w'].map((name) => join(machines.directory, name));
  assert.ok(target && lower && upper && work);
  for (const directory of [target, lower, upper, work]) await mkdir(directory);
  await writeFile(join(lower, 'below'), '');
  const options = overlayOptions({ layers: [lower], upper, work });
  await runProgram('mount', ['-t', 'overlay', 'overlay', '-o', options, target]);
  assert.ok(existsSync(join(target, 'below')));
  assert.deepEqual(mounts(), [target]);
  await sweepContainers(machines.directory);
  assert.deepEqual(mounts(), []);
  for (const pid of pids) assert.ok(!existsSync(`/proc/${pid}/exe`));
  assert.deepEqual(groupsLeft(machine.options.name), []);
  await until('it is known to be off', 5_000, async () => machine.state === 'off' || undefined);
});

test('a disk of a size of its own runs full, outlasts a power cut, and leaves no loop device', {
  skip: skipBounded,
}, async () => {
  const { options } = await machines.machine('i-0f', '10.77.1.6');
  const machine = new Container({ ...options, environmentLimits: { memoryMiB: 512, diskMiB: 100 } });
  const loops = (): Promise<string> => runProgram('losetup', ['--associated', join(options.directory, 'disk.ext4')]);
  const untilNone = (): Promise<true> => until('no loop device', 10_000, async () => !(await loops()) || undefined);
  await machine.boot();
  const full = await machine.exec(['dd', 'if=/dev/zero', 'of=/var/lib/ballast', 'bs=1M', 'count=200']);
  assert.equal(full.code, 1);
  assert.match(full.stderr, /No space left on device/);
  assert.match(await loops(), /^\/dev\/loop\d+:/);
  await machine.powerOff();
  await untilNone();
  const { daemon, first } = await leave(machine);
  const ballast = statSync(`/proc/${first.pid}/root/var/lib/ballast`);
  assert.ok(ballast.size > 50 * 2 ** 20 && ballast.size < 100 * 2 ** 20, `${ballast.size}`);
  daemon.kill('SIGKILL');
  await until('the machine is dead', 10_000, async () => !runs(first) || undefined);
  await untilNone();
  assert.deepEqual(mounts(), []);
  await sweepContainers(machines.directory);
});

test('a machine that powers itself off is off, and says so once', { skip }, async () => {
  const { options } = await machines.machine('i-0d', '10.77.1.4');
  let told = 0;
  const machine = new Container({ ...options, onOff: () => (told += 1) });
  await machine.boot();
  await until(
    'its systemd listens',
    20_000,
    async () => (await machine.exec(['systemctl', 'is-system-running'])).stdout || undefined,
  );
  await machine.exec(['systemctl', 'poweroff']);
  await until('it is off', 30_000, async () => machine.state === 'off' || undefined);
  await until('it was told', 5_000, async () => told > 0 || undefined);
  assert.equal(told, 1);
});

test('what can not be booted says why', { skip }, async () => {
  const { options } = await machines.machine('i-0e', '10.77.1.5');
  const machine = new Container({ ...options, layers: [join(machines.directory, 'nothing')] });
  await assert.rejects(machine.boot(), /could not be booted: it ended with/);
  assert.equal(machine.state, 'off');
  assert.deepEqual(groupsLeft(options.name), []);
});
