// SPDX-License-Identifier: Apache-2.0
/** A machine from the base: cloud-init, ssh, hardened units, power cut, orderly shutdown, reboot, pause. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from '../../lab/container/container.ts';
import { Machines, until, whyNoMachines } from './machines.ts';

const skip = (await whyNoMachines()) ?? false;
/** capabilities(7): to set the clock, which is the host's. */
const CAP_SYS_TIME = 25n;
const ADDRESS = '10.77.1.1';
/** Runs at every boot, in the network stage, before sshd. */
const USER_DATA = `#cloud-boothook
#!/bin/sh
echo boot >> /var/lib/boothook
`;

let machines: Machines;
let machine: Container;
let key: string;

const ssh = (command: string): Promise<string> => machines.ssh(key, ADDRESS, command);
const untilSsh = (): Promise<string> => until('sshd answers', 90_000, () => ssh('echo in'));
const output = async (...command: string[]): Promise<string> => (await machine.exec(command)).stdout.trim();
const untilBooted = (): Promise<string> =>
  until('the boot is over', 60_000, async () => {
    const state = await output('systemctl', 'is-system-running');
    return ['running', 'degraded'].includes(state) ? state : undefined;
  });

before(async () => {
  if (skip !== false) return;
  machines = await Machines.make();
  const made = await machines.sshKey();
  key = made.file;
  await machines.serveMetadata({
    instanceId: 'i-0a',
    address: ADDRESS,
    publicKey: made.publicKey,
    userData: USER_DATA,
  });
  machine = await machines.machine('i-0a', ADDRESS);
});

after(() => machines?.[Symbol.asyncDispose]());

test('the base boots: cloud-init obeys its user data, ssh lets the key in, host keys are its own', {
  skip,
}, async (t) => {
  // What an image sets of its network is in force, although systemd-sysctl does nothing in a container.
  const settings = join(machine.upperDirectory, 'etc/sysctl.d');
  await mkdir(settings, { recursive: true });
  await writeFile(join(settings, '60-test.conf'), '# test\nvm.swappiness = 1\nnet.ipv4.tcp_keepalive_time = 61\n');
  const start = performance.now();
  await machine.boot();
  assert.equal(await output('cat', '/proc/sys/net/ipv4/tcp_keepalive_time'), '61');
  assert.equal(machine.state, 'running');
  await untilSsh();
  t.diagnostic(`sshd answers ${((performance.now() - start) / 1000).toFixed(1)} s after the boot began`);
  assert.equal((await ssh('sudo cat /var/lib/boothook')).trim(), 'boot');
  assert.match(await ssh('id -un'), /^admin$/m);
  assert.match(await ssh('hostname'), /^ip-10-77-1-1/);
  assert.ok(existsSync(join(machine.upperDirectory, 'etc/ssh/ssh_host_ed25519_key')));
  assert.match(await readFile(machine.consoleLog, 'utf8'), /Debian GNU\/Linux 12/);
});

test('it is whole: no failed unit, no way out, its own memory, no clock to set', { skip }, async () => {
  await untilBooted();
  assert.equal(await output('systemctl', 'list-units', '--failed', '--plain', '--no-legend'), '');
  assert.equal(await output('ip', 'route', 'show', 'default'), '');
  for (const process of ['1', 'self']) {
    const [, bounds] = /^CapBnd:\s*(\S+)$/m.exec(await output('cat', `/proc/${process}/status`)) ?? [];
    assert.equal((BigInt(`0x${bounds}`) >> CAP_SYS_TIME) & 1n, 0n, process);
  }
  assert.equal(await output('sh', '-c', 'cat /etc/machine-id | wc -c'), '33');
  assert.match(await output('systemctl', 'show-environment'), /^JDK_JAVA_OPTIONS=-XX:MaxRAM=512m$/m);
  const greedy = await machine.exec(['python3', '-c', 'print(len(b"x" * 700_000_000))']);
  assert.equal(greedy.signal, 'SIGKILL', greedy.stdout);
});

test('apt installs what the roles install, with no network', { skip }, async () => {
  const installed = await machine.exec(['apt-get', 'install', '-y', '-qq', 'logrotate', 'chrony'], {
    environment: { DEBIAN_FRONTEND: 'noninteractive' },
  });
  assert.equal(installed.code, 0, installed.stderr);
  assert.match(await output('dpkg-query', '-W', 'chrony'), /^chrony/);
});

test('a hardened unit starts and is held to its bounds', { skip }, async () => {
  const hardening = [
    'DynamicUser=yes',
    'ProtectSystem=strict',
    'PrivateTmp=yes',
    'PrivateDevices=yes',
    'ProtectHome=yes',
  ];
  const more = ['ProtectKernelTunables=yes', 'ProtectControlGroups=yes', 'NoNewPrivileges=yes', 'RestrictSUIDSGID=yes'];
  const calls = ['SystemCallFilter=@system-service', 'SystemCallArchitectures=native', 'RestrictNamespaces=yes'];
  const words = [...hardening, ...more, ...calls].flatMap((property) => ['-p', property]);
  const command = 'touch /tmp/mine && ! touch /usr/mine 2>/dev/null && ! touch /etc/mine 2>/dev/null && echo held';
  const run = await machine.exec(['systemd-run', '--quiet', '--wait', '--pipe', ...words, 'sh', '-c', command]);
  assert.equal(run.stdout.trim(), 'held', run.stderr);
  assert.equal(await output('sh', '-c', 'ls /tmp/mine 2>/dev/null | wc -l'), '0');
});

test('a command has its own environment, and its end and its output are told', { skip }, async () => {
  const run = await machine.exec(['sh', '-c', 'env; echo said >&2; exit 3'], { environment: { ONLY: 'this' } });
  assert.equal(run.code, 3);
  assert.equal(run.stderr, 'said\n');
  assert.deepEqual(
    run.stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0])
      .filter((name) => name !== 'PWD' && name !== '_' && name !== 'SHLVL' && name !== 'OLDPWD')
      .sort(),
    ['HOME', 'ONLY', 'PATH'],
  );
  const abort = new AbortController();
  const sleeping = machine.exec(['sleep', '600'], { signal: abort.signal });
  await until('it sleeps', 5_000, async () => machine.processes().find(({ command }) => command[0] === 'sleep'));
  abort.abort();
  assert.equal((await sleeping).signal, 'SIGKILL');
  await until(
    'it is gone',
    5_000,
    async () => !machine.processes().some(({ command }) => command[0] === 'sleep') || undefined,
  );
});

test('paused it stands still, resumed it goes on', { skip }, async () => {
  await machine.exec([
    'sh',
    '-c',
    'systemd-run --quiet --unit=ticks sh -c "while :; do date +%s%N > /run/tick; sleep 0.05; done"',
  ]);
  const tick = join(machine.rootDirectory, 'run/tick');
  const now = (): Promise<string> => readFile(tick, 'utf8');
  await until('it ticks', 10_000, async () => existsSync(tick) || undefined);
  await machine.pause();
  assert.equal(machine.state, 'paused');
  const before = await now();
  await sleep(500);
  assert.equal(await now(), before);
  await assert.rejects(machine.exec(['true']), /paused/);
  await machine.resume();
  await until('it ticks again', 10_000, async () => (await now()) !== before || undefined);
});

test('after a power cut, even of a paused machine, what was written is there at the next boot', { skip }, async () => {
  const id = await output('cat', '/etc/machine-id');
  await machine.exec(['sh', '-c', 'echo kept > /var/lib/kept; rm /etc/issue']);
  const processes = machine.processes();
  assert.ok(processes.some(({ command }) => /sshd/.test(command[0] ?? '')));
  await machine.pause();
  await machine.powerOff();
  assert.equal(machine.state, 'off');
  assert.deepEqual(machine.processes(), []);
  for (const { pid, command } of processes) assert.ok(!existsSync(`/proc/${pid}/exe`), command.join(' '));
  await machine.boot();
  await untilSsh();
  assert.equal(await output('cat', '/var/lib/kept'), 'kept');
  assert.equal(await output('cat', '/etc/machine-id'), id);
  assert.notEqual((await machine.exec(['ls', '/etc/issue'])).code, 0);
  assert.equal(await output('cat', '/var/lib/boothook'), 'boot\nboot');
});

test('a reboot inside is followed; a shutdown is in order', { skip }, async () => {
  await untilBooted();
  const first = (): number | undefined => machine.processes()[0]?.pid;
  const before = first();
  const reboot = await machine.exec(['systemctl', 'reboot']);
  assert.equal(reboot.code, 0, reboot.stderr);
  await until('it has rebooted', 60_000, async () => (first() !== undefined && first() !== before) || undefined).catch(
    async (error: unknown) => {
      const jobs = machine.state === 'running' ? await output('systemctl', 'list-jobs') : '';
      throw new Error(`${machine.state}\n${jobs}\n${(await readFile(machine.consoleLog, 'utf8')).slice(-2_000)}`, {
        cause: error,
      });
    },
  );
  await untilBooted();
  const unit =
    '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStop=/bin/sh -c "echo in order > /var/lib/stopped"\\n';
  await machine.exec(['sh', '-c', `printf '${unit}' > /etc/systemd/system/last.service; systemctl start last.service`]);
  await machine.shutDown(60_000);
  assert.equal(machine.state, 'off');
  assert.equal(await readFile(join(machine.upperDirectory, 'var/lib/stopped'), 'utf8'), 'in order\n');
});
