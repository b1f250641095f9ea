// SPDX-License-Identifier: Apache-2.0
/** What the roles write into the image, against the agent that relies on it. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { XMLValidator } from 'fast-xml-parser';
import { userData } from '../../cf/user-data.ts';
import { loadSettings } from '../../src/settings.ts';
import { PRODUCTION_TIMINGS } from '../../src/timings.ts';
import { agentFiles } from '../../src/zookeeper/agent-files.ts';
import { EXTRA_SIZE_FLAG, KEEPALIVE_FLAG, NOTIFICATION_FLAG } from '../../src/zookeeper/java-flags.ts';
import { outcomeOf, runProgram } from '../../tools/program.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { type Rendered, renderTemplates, variablesOf } from './playbook.ts';

const { dataDir, confDir, service } = loadSettings({}, { CLUSTER: 'orders-4f1c2a90', BUCKET: 'orders' });
const SERVER = '/etc/systemd/system/zookeeper.service';
const BOOTSTRAP = '/etc/systemd/system/zk-bootstrap.service';
const PURGE = '/etc/systemd/system/zk-purge.service';
/** systemctl(1), systemd-analyze(1): the level in tenths. */
const LARGEST_EXPOSURE_TENTHS = 30;

let directory: TemporaryDirectory;
let image: Rendered;

before(
  async () => {
    directory = await temporaryDirectory();
    const jars = [
      { path: '/opt/apache-zookeeper-3.9.5-bin/lib/b.jar' },
      { path: '/opt/apache-zookeeper-3.9.5-bin/lib/a.jar' },
    ];
    const given = { base_java_home: '/usr/lib/jvm/java', zookeeper_jars: { files: jars } };
    image = await renderTemplates(directory.path, given);
  },
  { timeout: 230_000 },
);
after(() => directory?.[Symbol.asyncDispose]());

function file(path: string): string {
  const text = image.files.get(path);
  assert.ok(text, `no role has a template of ${path}`);
  return text;
}

/** All values of a key, continued lines joined. */
function valuesOf(path: string, key: string): readonly string[] {
  const lines = file(path)
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  return lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
}

test('the server’s unit is the one that the agent starts, with the files that the agent writes', () => {
  assert.deepEqual(service, { kind: 'systemd', unit: 'zookeeper.service' });
  const files = agentFiles(dataDir);
  assert.deepEqual(valuesOf(SERVER, 'ConditionPathExists'), [`!${files.fence}`, files.stamp]);
  assert.deepEqual(valuesOf(SERVER, 'ExecCondition'), [
    `+/usr/bin/test ! -e ${files.fence}`,
    `+/usr/bin/test -e ${files.stamp}`,
  ]);
  const [command = ''] = valuesOf(SERVER, 'ExecStart');
  const words = command.split(' ');
  assert.equal(words[0], '/usr/lib/jvm/java/bin/java');
  assert.ok(words.includes(`@${files.javaOptions}`));
  assert.deepEqual(words.slice(-2), ['org.apache.zookeeper.server.quorum.QuorumPeerMain', join(confDir, 'zoo.cfg')]);
  assert.deepEqual(valuesOf(SERVER, 'ReadWritePaths'), [`${dataDir} ${confDir}`]);
  assert.deepEqual(valuesOf(SERVER, 'ReadOnlyPaths'), [`-${files.directory}`]);
  assert.deepEqual(valuesOf(SERVER, 'WantedBy'), [], 'the agent alone starts it');
});

test('Java takes every flag of the server', async () => {
  const [command = ''] = valuesOf(SERVER, 'ExecStart');
  const secret = join(directory.path, 'java-options');
  await writeFile(secret, '-Dzookeeper.DigestAuthenticationProvider.superDigest=super:x\n');
  const words = command
    .replace('@/etc/zookeeper/', `@${image.directory}/etc/zookeeper/`)
    .replace(`@${agentFiles(dataDir).javaOptions}`, `@${secret}`)
    .replaceAll('%%', '%')
    .split(' ');
  const { stderr } = await outcomeOf('java', [...words.slice(1, -2), '-version']);
  assert.match(stderr, /version "/);
  assert.doesNotMatch(stderr, /warning|deprecated|ignor/i);
});

test('a closing session with many ephemerals is one entry that every server reads', () => {
  assert.ok(file('/etc/zookeeper/java-arguments').split('\n').includes(EXTRA_SIZE_FLAG));
});

test('a server that looks for a leader asks again after four seconds at most', () => {
  assert.ok(file('/etc/zookeeper/java-arguments').split('\n').includes(NOTIFICATION_FLAG));
});

test('idle connections are kept in use, long before a security group forgets them', () => {
  assert.ok(file('/etc/zookeeper/java-arguments').split('\n').includes(KEEPALIVE_FLAG));
  const settings = new Map(
    file('/etc/sysctl.d/60-zookeeper.conf')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(' = ') as [string, string]),
  );
  assert.equal(settings.get('net.ipv4.tcp_keepalive_time'), '60');
  assert.equal(settings.get('net.ipv4.tcp_keepalive_intvl'), '10');
  assert.equal(settings.get('net.ipv4.tcp_keepalive_probes'), '6');
});

test('the class path is a list in one order, and the log’s configuration is XML', () => {
  const jars = ['a', 'b'].map((name) => `/opt/apache-zookeeper-3.9.5-bin/lib/${name}.jar`);
  assert.ok(file('/etc/zookeeper/java-arguments').includes(`-cp\n"${jars.join(':')}"\n`));
  assert.equal(XMLValidator.validate(file('/etc/zookeeper/logback.xml')), true);
});

test('the server is exposed no more than it must be', async (context) => {
  const version = await runProgram('systemd-analyze', ['--version']).then(
    (told) => Number(/^systemd (\d+)/.exec(told)?.[1]),
    () => 0,
  );
  if (version < 250) return context.skip('systemd-analyze 250 or later is not here');
  const unit = join(image.directory, SERVER);
  const words = ['security', '--offline=true', `--threshold=${LARGEST_EXPOSURE_TENTHS}`, '--no-pager', unit];
  const told = await runProgram('systemd-analyze', words);
  assert.match(told, /Overall exposure level for zookeeper\.service: \d/);
});

test('systemd waits longer than the agent, whose own limits tell what is wrong', () => {
  const { bootstrapLimitMs, tickLimitMs, rollbackBeginsMs, awsTimeoutMs } = PRODUCTION_TIMINGS;
  const lockWaitMs = tickLimitMs + 10_000;
  const [limitS = ''] = valuesOf(BOOTSTRAP, 'TimeoutStartSec');
  assert.ok(Number(limitS) * 1_000 >= lockWaitMs + bootstrapLimitMs + rollbackBeginsMs + 5 * awsTimeoutMs);
  const tick = /timeout --kill-after=60 (\d+) /.exec(file('/etc/cron.d/zk-recovery'))?.[1];
  assert.ok(Number(tick) * 1_000 > 10 * tickLimitMs);
});

test('a bootstrap is tried again a few times, and never while systemd starts it anew without an end', () => {
  const [burst = '', interval = '', limitS = ''] = ['StartLimitBurst', 'StartLimitIntervalSec', 'TimeoutStartSec'].map(
    (key) => valuesOf(BOOTSTRAP, key)[0] ?? '',
  );
  assert.equal(interval, '2h');
  assert.ok(Number(burst) * Number(limitS) < 2 * 3_600, 'all tries are within the interval that is counted');
});

test('the unit and the cron entry name the settings that the user data writes, and start the agent by its names', () => {
  const script = userData({ CLUSTER: 'orders' });
  const settings = String(variablesOf('agent', 'vars').agent_settings_file);
  assert.ok(script.includes(`mv -f ${settings}.new ${settings}\n`));
  assert.deepEqual(valuesOf(BOOTSTRAP, 'Environment'), [`ZK_AGENT_ENV_FILE=${settings}`]);
  assert.deepEqual(valuesOf(BOOTSTRAP, 'ExecStart'), ['/usr/local/bin/zk-bootstrap']);
  const cron = file('/etc/cron.d/zk-recovery');
  assert.match(cron, /^MAILTO=""$/m);
  assert.ok(cron.includes(`\nZK_AGENT_ENV_FILE=${settings}\n`));
  assert.match(
    cron,
    /\n\* \* \* \* \* root timeout .* \/usr\/local\/bin\/zk-recovery >>\/var\/log\/zk-recovery\.log 2>&1\n$/,
  );
});

test('the disk is watched from every boot on, and the agent is asked from the share on at which it purges', async () => {
  const script = file('/usr/local/lib/zookeeper/watch-disk');
  assert.deepEqual(valuesOf(PURGE, 'ExecStart'), ['/usr/local/lib/zookeeper/watch-disk']);
  assert.deepEqual(valuesOf(PURGE, 'Environment'), valuesOf(BOOTSTRAP, 'Environment'));
  assert.deepEqual(valuesOf(PURGE, 'WantedBy'), ['multi-user.target']);
  assert.ok(script.includes(`df --output=pcent ${dataDir} `));
  // It asks at each look while so much is used, and no more once the disk has space again.
  const asked = join(directory.path, 'asked');
  const shares = ['59%', '60%', '97%', '', '12%'];
  const shims = {
    df: `n=$(($(cat ${asked}.n 2>/dev/null || echo 0) + 1)); echo $n >${asked}.n\nprintf 'Use%%\\n %s\\n' "$(sed -n "$n"p ${asked}.shares)"`,
    sleep: `[ $(cat ${asked}.n 2>/dev/null || echo 0) -lt ${shares.length} ]`,
    timeout: `echo "$(cat ${asked}.n) $*" >>${asked}`,
  };
  const bin = join(directory.path, 'watch-bin');
  await mkdir(bin);
  await writeFile(`${asked}.shares`, `${shares.join('\n')}\n`);
  for (const [name, text] of Object.entries(shims)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const watch = join(directory.path, 'watch-disk');
  await writeFile(watch, script);
  await outcomeOf('sh', [watch], { environment: { ...process.env, PATH: `${bin}:${process.env.PATH}` } });
  assert.deepEqual((await readFile(asked, 'utf8')).trim().split('\n'), [
    '2 --kill-after=10 600 /usr/local/bin/zk-agent purge --quiet',
    '3 --kill-after=10 600 /usr/local/bin/zk-agent purge --quiet',
  ]);
});

test('what looks after the class-data archive tells one of this Java from one of another', async () => {
  const java = join(directory.path, 'java');
  const archive = join(directory.path, 'class-data');
  const jar = join(directory.path, 'zookeeper/lib/a.jar');
  const parts = ['bin/java', 'lib/modules', 'lib/server/libjvm.so'].map((part) => join(java, part));
  const all = [...parts, jar, join(directory.path, 'java-arguments')];
  for (const path of all) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, 'x');
  }
  await mkdir(archive);
  const script = join(directory.path, 'outdated');
  const text = file('/usr/local/lib/zookeeper/class-data-is-outdated')
    .replaceAll('/usr/lib/jvm/java', java)
    .replaceAll('/var/cache/zookeeper-class-data', archive)
    .replaceAll('/etc/zookeeper/java-arguments', join(directory.path, 'java-arguments'))
    .replaceAll('/opt/apache-zookeeper-3.9.5-bin', join(directory.path, 'zookeeper'));
  await writeFile(script, text);
  await chmod(script, 0o755);
  const outdated = async (): Promise<boolean> => {
    const { code } = await outcomeOf(script, []);
    assert.ok(code === 0 || code === 1, `it ended with ${code}`);
    return code === 0;
  };
  assert.equal(await outdated(), true, 'there is none');
  await writeFile(join(archive, 'server.jsa'), 'x');
  assert.equal(await outdated(), true, 'nobody knows from what it was made');
  await runProgram(script, ['--note']);
  assert.equal(await outdated(), false);
  for (const path of all) {
    await writeFile(path, 'another');
    assert.equal(await outdated(), true, `${path} is another one`);
    await runProgram(script, ['--note']);
    assert.equal(await outdated(), false);
  }
});

test('the CloudWatch agent is told this cluster’s log group, and a node without one says so', async () => {
  const control = join(directory.path, 'amazon-cloudwatch-agent-ctl');
  await writeFile(control, '#!/bin/sh\necho "$@"\n');
  await chmod(control, 0o755);
  const configuration = join(directory.path, 'cloudwatch.json');
  const script = join(directory.path, 'send-logs');
  const text = file('/usr/local/lib/zookeeper/send-logs')
    .replace('/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl', control)
    .replace('/run/zookeeper-cloudwatch.json', configuration)
    .replace('/etc/zookeeper/cloudwatch.json', join(image.directory, 'etc/zookeeper/cloudwatch.json'));
  await writeFile(script, text);
  const NODE_LOG_GROUP = '/zookeeper/orders-4f1c2a90/nodes';
  const told = await runProgram('sh', [script], { environment: { ...process.env, NODE_LOG_GROUP } });
  assert.equal(told, `-a fetch-config -m ec2 -s -c file:${configuration}\n`);
  const { logs } = JSON.parse(await readFile(configuration, 'utf8')) as {
    logs: { logs_collected: Record<string, { collect_list: Record<string, unknown>[] }> };
  };
  const items = Object.values(logs.logs_collected).flatMap((part) => part.collect_list);
  assert.deepEqual(items, [
    {
      units: ['zookeeper.service', 'zk-bootstrap.service', 'zk-purge.service'],
      log_group_name: NODE_LOG_GROUP,
      log_stream_name: '{instance_id}',
    },
    {
      file_path: '/var/log/zk-recovery.log',
      log_group_name: NODE_LOG_GROUP,
      log_stream_name: '{instance_id}/recovery',
    },
  ]);
  const { NODE_LOG_GROUP: _, ...without } = process.env;
  await assert.rejects(
    runProgram('sh', [script], { environment: without }),
    /NODE_LOG_GROUP is not set in .*agent\.env/,
  );
});
