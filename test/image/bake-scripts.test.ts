// SPDX-License-Identifier: Apache-2.0
/**
 * The scripts of ami/scripts on a machine of the base: what must be there, what must be gone, and the boot after it.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import type { Container } from '../../lab/container/container.ts';
import { Machines, until, whyNoMachines } from './machines.ts';

const SCRIPTS = resolve(import.meta.dirname, '../../ami/scripts');
const skip = (await whyNoMachines()) ?? false;
const ADDRESS = '10.77.1.7';

let machines: Machines;
let machine: Container;
let key: string;

const shell = async (command: string): Promise<string> => {
  const run = await machine.exec(['bash', '-c', command]);
  assert.equal(run.code, 0, run.stderr);
  return run.stdout.trim();
};
const untilSsh = () => until('sshd answers', 90_000, () => machines.ssh(key, ADDRESS, 'echo in'));

/** Runs one of the scripts as root, as Packer does. */
async function script(name: string, environment: Readonly<Record<string, string>> = {}) {
  const text = await readFile(join(SCRIPTS, name), 'utf8');
  return machine.exec(['bash', '-c', text], { environment });
}

before(async () => {
  if (skip !== false) return;
  machines = await Machines.make();
  const made = await machines.sshKey();
  key = made.file;
  await machines.serveMetadata({ instanceId: 'i-0b', address: ADDRESS, publicKey: made.publicKey, userData: '' });
  machine = await machines.machine('i-0b', ADDRESS);
  await machine.boot();
  await untilSsh();
});
after(() => machines?.[Symbol.asyncDispose]());

test('wait-for-boot waits for cloud-init', { skip }, async () => {
  const { code, stderr } = await script('wait-for-boot.sh');
  assert.equal(code, 0, stderr);
  assert.match(await shell('cloud-init status'), /done/);
});

test('a machine that has nothing of a node fails the check, with everything that is missing', { skip }, async () => {
  const { code, stderr } = await script('check-image.sh', {
    AGENT_ANSWER: 'zk-agent 0.1.0',
    ZOOKEEPER_VERSION: '3.9.5',
  });
  assert.equal(code, 1);
  const wrongs = [
    /zk-agent --version failed/,
    /zk-bootstrap/,
    /zookeeper\.service/,
    /zk-recovery is missing/,
    /\/opt\/zookeeper/,
  ];
  for (const wrong of wrongs) assert.match(stderr, wrong);
});

test('what clean-up does not know how to remove fails the bake', { skip }, async () => {
  await shell(`
    echo '-----BEGIN RSA PRIVATE KEY-----' >/etc/mine.key
    echo '-----BEGIN OPENSSH PRIVATE KEY-----' >/var/lib/mine.key
    mkdir -p /etc/zookeeper-on-aws /var/lib/zookeeper/version-2
    touch /etc/zookeeper-on-aws/agent.env
    useradd --password '$6$salt$hash' guest
  `);
  const { code, stderr } = await script('clean-up.sh');
  assert.equal(code, 1);
  for (const left of [/private keys: \/etc\/mine\.key/, /\/var\/lib\/mine\.key/, /agent\.env/, /version-2/, /guest/]) {
    assert.match(stderr, left);
  }
  await shell('rm -r /etc/mine.key /var/lib/mine.key /etc/zookeeper-on-aws /var/lib/zookeeper; userdel guest');
});

test('what belongs to the machine goes', { skip }, async () => {
  await shell(`
    mkdir -p /root/.aws /home/admin/.ansible /var/log/old
    echo secret >/root/.aws/credentials
    echo history >/home/admin/.bash_history
    echo '-----BEGIN RSA PRIVATE KEY-----' >/home/admin/.ssh/id_rsa
    echo line | tee /var/log/syslog.1 /var/log/old/kept.log >/tmp/mine
  `);
  const { code, stderr, stdout } = await script('clean-up.sh');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Nothing of this machine is left/);
  const gone = [
    ...['/etc/ssh/ssh_host_*', '/root/.ssh', '/home/admin/.ssh', '/root/.aws', '/home/admin/.ansible', '/tmp/mine'],
    ...['/home/admin/.bash_history', '/var/lib/cloud/instance', '/var/lib/apt/lists/*', '/var/log/syslog.1'],
    '/var/cache/apt/archives/*.deb',
  ];
  assert.equal(
    await shell(`shopt -s nullglob dotglob; for one in ${gone.join(' ')}; do [[ -e $one ]] && echo $one; done; true`),
    '',
  );
  assert.equal(await shell('stat -c %s /etc/machine-id /var/log/old/kept.log'), '0\n0');
});

test('the next boot is a first boot: another id, other host keys, the key lets in', { skip }, async (t) => {
  const start = performance.now();
  await machine.shutDown(60_000);
  t.diagnostic(`off after ${performance.now() - start} ms`);
  assert.ok(!existsSync(join(machine.upperDirectory, 'etc/ssh/ssh_host_ed25519_key')));
  assert.equal((await readFile(join(machine.upperDirectory, 'etc/machine-id'), 'utf8')).trim(), '');
  await machine.boot();
  await untilSsh();
  t.diagnostic(`sshd after ${performance.now() - start} ms`);
  assert.equal(await shell('wc -c </etc/machine-id'), '33');
  assert.ok(existsSync(join(machine.rootDirectory, 'etc/ssh/ssh_host_ed25519_key')));
  assert.match(await shell('cloud-init query instance_id 2>/dev/null || cat /var/lib/cloud/data/instance-id'), /i-0b/);
});
