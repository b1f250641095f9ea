// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseEnvironmentFile } from '../src/environment-file.ts';
import { AgentError } from '../src/errors.ts';
import { applyAwsEnvironment, loadSettings, readClusterSettings, readSettings } from '../src/settings.ts';
import { allowedFor, FLAG_KEYS, type Flags, IGNORED_KEYS, SETTINGS, type Setting } from '../src/settings-table.ts';
import { LAB_TIMINGS, PRODUCTION_TIMINGS } from '../src/timings.ts';

const MINIMAL = { CLUSTER: 'orders-4f1c2a90', BUCKET: 'orders-data' };

const PROCESS = {
  ...MINIMAL,
  SERVICE: 'process',
  SERVICE_COMMAND: '["/usr/bin/java"]',
  SERVICE_PID_FILE: '/run/zk.pid',
  SERVICE_LOG_FILE: '/var/log/zk.log',
};

function refused(run: () => unknown, ...words: string[]): void {
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof AgentError, String(error));
    assert.equal(error.code, 'BAD_SETTINGS');
    for (const word of words) assert.ok(`${error.message} ${error.next}`.includes(word), `${error.message} <- ${word}`);
    return true;
  });
}

test('what is not set has its default', () => {
  assert.deepEqual(loadSettings({}, MINIMAL), {
    cluster: 'orders-4f1c2a90',
    bucket: 'orders-data',
    logGroup: '/zookeeper/orders-4f1c2a90',
    confDir: '/etc/zookeeper/conf',
    dataDir: '/var/lib/zookeeper',
    idFile: '/var/lib/zookeeper/myid',
    dynamicFile: '/etc/zookeeper/conf/zoo.cfg.dynamic',
    mode: 'dynamic',
    lockFile: '/run/zk-agent.lock',
    service: { kind: 'systemd', unit: 'zookeeper.service' },
    tick: { tickTimeMs: 2000, initLimit: 20, syncLimit: 5 },
    timings: PRODUCTION_TIMINGS,
    aws: {},
  });
});

const STACK = 'arn:aws:cloudformation:eu-west-1:123456789012:stack/orders/4f1c2a90-1111-2222-3333-444455556666';

test('the stack and its hooks, each by itself; without any of them there is no stack', () => {
  assert.deepEqual(loadSettings({}, { ...MINIMAL, STACK, LAUNCH_HOOK: 'launch', TERMINATE_HOOK: 'terminate' }).stack, {
    arn: STACK,
    signalResource: 'Group',
    launchHook: 'launch',
    terminateHook: 'terminate',
  });
  const named = loadSettings({}, { ...MINIMAL, STACK, SIGNAL_RESOURCE: 'Nodes' }).stack;
  assert.deepEqual(named, { arn: STACK, signalResource: 'Nodes' });
  const hook = loadSettings({}, { ...MINIMAL, TERMINATE_HOOK: 'terminate' }).stack;
  assert.deepEqual(hook, { signalResource: 'Group', terminateHook: 'terminate' });
  assert.equal(loadSettings({}, { ...MINIMAL, SIGNAL_RESOURCE: 'Group' }).stack, undefined);
  for (const [key, value] of [
    ['STACK', 'orders'],
    ['STACK', 'arn:aws:s3:::orders'],
    ['SIGNAL_RESOURCE', 'a group'],
    ['LAUNCH_HOOK', 'launch hook'],
    ['TERMINATE_HOOK', 'x'.repeat(256)],
  ] as const) {
    assert.throws(() => loadSettings({}, { ...MINIMAL, [key]: value }), {
      code: 'BAD_SETTINGS',
      message: new RegExp(key),
    });
  }
});

test('flags win over the environment, and that over the file', () => {
  const file = 'REGION=eu-west-1\nCLUSTER=from-file\nBUCKET=bucket-of-file\nDATA_DIR=/file\n';
  const environment = { REGION: 'eu-west-2', CLUSTER: 'from-environment' };
  const settings = loadSettings({ region: 'us-gov-west-1' }, environment, file);
  assert.equal(settings.region, 'us-gov-west-1');
  assert.equal(settings.cluster, 'from-environment');
  assert.equal(settings.bucket, 'bucket-of-file');
  assert.equal(settings.idFile, '/file/myid');
});

test('every row of the table says what is allowed, and its default is', () => {
  for (const [key, { check, default: standard, required, without, sentence }] of Object.entries<Setting>(SETTINGS)) {
    assert.match(key, /^[A-Z][A-Z_]*$/);
    assert.match(sentence, /[^.]$/);
    assert.equal([standard, required, without].filter((one) => one !== undefined).length, 1, `${key} has one course.`);
    if ('pattern' in check && typeof standard === 'string' && !standard.includes('{')) {
      assert.match(standard, check.pattern);
    }
    if (typeof standard === 'number') assert.ok('least' in check && standard >= check.least && standard <= check.most);
    // A value that nothing allows, so that each check is seen to be made.
    if (!('json' in check)) {
      const needed = key.startsWith('SERVICE_') && key !== 'SERVICE_UNIT' ? PROCESS : MINIMAL;
      refused(() => loadSettings({}, { ...needed, [key]: '\n' }), key, allowedFor(check, 4000).slice(0, 15));
    }
  }
});

test('every flag reaches its setting', () => {
  const flags: Required<Flags> = {
    region: 'eu-north-1',
    idFile: '/a/id',
    dynamicFile: '/a/dynamic',
    confDir: '/a/conf',
    dataDir: '/a/data',
    logGroup: '/a/group',
    bucket: 'a-bucket',
    cluster: 'a-cluster',
  };
  assert.deepEqual(Object.keys(flags).sort(), Object.keys(FLAG_KEYS).sort());
  const settings: Record<string, unknown> = { ...loadSettings(flags, {}) };
  for (const [flag, value] of Object.entries(flags)) assert.equal(settings[flag], value);
});

test('empty counts as not given in the environment, but not in a flag', () => {
  assert.equal(loadSettings({}, { ...MINIMAL, REGION: '' }, 'REGION=eu-west-1').region, 'eu-west-1');
  refused(() => loadSettings({ region: '' }, MINIMAL), 'REGION');
});

test('docs/settings.md names every key that the agent leaves alone', () => {
  const document = readFileSync(join(import.meta.dirname, '../docs/settings.md'), 'utf8');
  for (const key of IGNORED_KEYS) assert.ok(document.includes(`\`${key}\``), key);
});

test('names need their zone and their domain, and addresses that are the members’ own', () => {
  const named = { ...MINIMAL, ZONE_ID: 'Z0123456789ABCDEFGHIJ', NAMES_DOMAIN: 'orders-4f1c2a90.internal.' };
  const names = { zoneId: 'Z0123456789ABCDEFGHIJ', domain: 'orders-4f1c2a90.internal.' };
  assert.deepEqual(loadSettings({}, named).names, { ...names, places: 3 });
  assert.deepEqual(loadSettings({}, { ...named, PLACES: '5' }).names, { ...names, places: 5 });
  assert.equal(loadSettings({}, { ...MINIMAL, PLACES: '5' }).names, undefined);
  refused(() => loadSettings({}, { ...named, ZONE_ID: '' }), 'ZONE_ID');
  refused(() => loadSettings({}, { ...named, NAMES_DOMAIN: '' }), 'NAMES_DOMAIN');
  refused(() => loadSettings({}, { ...named, MODE: 'elastic-ip' }), 'ZONE_ID');
});

test('a service that is a process', () => {
  const process = {
    ...MINIMAL,
    SERVICE: 'process',
    SERVICE_COMMAND: '["/usr/bin/java","-cp","a b"]',
    SERVICE_PID_FILE: '/run/zk.pid',
    SERVICE_LOG_FILE: '/var/log/zk.log',
  };
  assert.deepEqual(loadSettings({}, process).service, {
    kind: 'process',
    command: ['/usr/bin/java', '-cp', 'a b'],
    pidFile: '/run/zk.pid',
    logFile: '/var/log/zk.log',
  });
  for (const command of ['', 'java', '{}', '[]', '[1]', '[""]']) {
    refused(() => loadSettings({}, { ...process, SERVICE_COMMAND: command }), 'SERVICE_COMMAND', 'JSON array');
  }
  refused(() => loadSettings({}, { ...process, SERVICE_PID_FILE: undefined }), 'SERVICE_PID_FILE');
});

test('timings by name and by overrides', () => {
  const timings = (value: string) =>
    loadSettings({}, { ...MINIMAL, TICK_TIME_MS: '200', SYNC_LIMIT: '10', TIMINGS: value }).timings;
  assert.deepEqual(timings('lab'), LAB_TIMINGS);
  assert.deepEqual(timings('production'), PRODUCTION_TIMINGS);
  assert.deepEqual(timings('{"pollMs":7}'), { ...PRODUCTION_TIMINGS, pollMs: 7 });
  for (const value of ['fast', '[]', '3', 'null', '{"polMs":1}', '{"toString":1}']) {
    refused(() => timings(value), 'TIMINGS', 'pollMs');
  }
  for (const value of ['0', '-1', '1.5', '"7"', 'null', '2147483648']) {
    refused(() => timings(`{"pollMs":${value}}`), 'TIMINGS.pollMs', value.replaceAll('"', ''));
  }
});

test('equal facts are never seen closer together than 2 × syncLimit × tickTime', () => {
  const slow = { ...MINIMAL, TICK_TIME_MS: '3000', SYNC_LIMIT: '10' };
  assert.equal(loadSettings({}, slow).timings.recoveryQuietMs, 60_000);
  assert.equal(loadSettings({}, { ...slow, TIMINGS: 'lab' }).timings.recoveryQuietMs, 60_000);
  refused(
    () => loadSettings({}, { ...slow, TIMINGS: '{"recoveryQuietMs":59999}' }),
    'TIMINGS.recoveryQuietMs',
    '60000',
  );
});

test('a tick is long enough for the longest wait that one process has to see, unless its own limit is set', () => {
  const limits = (further: Record<string, string>): readonly number[] => {
    const { tickLimitMs, recoveryQuietMs, unclaimedMs } = loadSettings({}, { ...MINIMAL, ...further }).timings;
    return [tickLimitMs, recoveryQuietMs, unclaimedMs];
  };
  assert.deepEqual(limits({}), [50_000, 20_000, 20_000], 'nothing changes where it is long enough');
  assert.deepEqual(limits({ TICK_TIME_MS: '3000', SYNC_LIMIT: '10' }), [90_000, 60_000, 20_000]);
  assert.deepEqual(limits({ TIMINGS: '{"recoveryQuietMs":60000}' }), [90_000, 60_000, 20_000]);
  assert.deepEqual(
    limits({ TIMINGS: '{"tickLimitMs":10000}' }),
    [10_000, 20_000, 20_000],
    'what is set by name counts',
  );
  assert.deepEqual(limits({ TIMINGS: '{"unclaimedMs":45000}' }), [75_000, 20_000, 45_000]);
});

test('a server has one and a half times initLimit × tickTime to find its leader, whatever is set', () => {
  const standard = loadSettings({}, MINIMAL);
  assert.ok(standard.timings.noLeaderRejoinMs >= 1.5 * standard.tick.initLimit * standard.tick.tickTimeMs);
  for (const [name, most, least] of [
    ['TICK_TIME_MS', 60_000, 50],
    ['INIT_LIMIT', 10_000, 1],
  ] as const) {
    const { check } = SETTINGS[name];
    assert.deepEqual([check.least, check.most], [least, most], 'The table below goes to the ends of what is accepted.');
  }
  for (const TIMINGS of ['production', 'lab', '{"pollMs":7}', '{"noLeaderRejoinMs":1}', '{"noLeaderRejoinMs":90000}']) {
    const { noLeaderRejoinMs: set } = { ...PRODUCTION_TIMINGS, ...(TIMINGS === 'lab' ? LAB_TIMINGS : {}) };
    const asked = TIMINGS.startsWith('{"no') ? Number(/\d+/.exec(TIMINGS)?.[0]) : set;
    for (const tickTimeMs of [50, 51, 200, 2_000, 60_000]) {
      for (const initLimit of [1, 3, 20, 51, 10_000]) {
        const values = { ...MINIMAL, TIMINGS, TICK_TIME_MS: String(tickTimeMs), INIT_LIMIT: String(initLimit) };
        const { timings, tick } = loadSettings({}, values);
        assert.deepEqual([tick.tickTimeMs, tick.initLimit], [tickTimeMs, initLimit]);
        const least = 1.5 * initLimit * tickTimeMs;
        const where = `${TIMINGS}, ${tickTimeMs} ms, ${initLimit} ticks: ${timings.noLeaderRejoinMs}`;
        assert.ok(timings.noLeaderRejoinMs >= least, where);
        // No longer either, so that a server that is lost is helped as soon as it may be.
        assert.equal(timings.noLeaderRejoinMs, Math.max(asked, Math.ceil(least)), where);
      }
    }
  }
});

test('every bad value is refused by name, value and what is allowed', () => {
  const cases: [string, string, string][] = [
    ['REGION', 'Frankfurt', 'eu-central-1'],
    ['CLUSTER', '../other', 'letters'],
    ['CLUSTER', 'a/b', 'letters'],
    ['BUCKET', 'No_Bucket', 'S3 bucket'],
    ['LOG_GROUP', 'a:b', 'log group'],
    ['MODE', 'elastic', 'dynamic or elastic-ip'],
    ['DATA_DIR', 'data', 'absolute path'],
    ['CONF_DIR', './conf', 'absolute path'],
    ['LOCK_FILE', 'lock', 'absolute path'],
    ['SERVICE', 'upstart', 'systemd or process'],
    ['SERVICE_UNIT', 'zookeeper; reboot', 'unit'],
    ['TICK_TIME_MS', '2s', 'whole number'],
    ['TICK_TIME_MS', '0', '50'],
    ['INIT_LIMIT', '-1', 'whole number'],
    ['SYNC_LIMIT', '1e3', 'whole number'],
    ['MAX_SESSION_TIMEOUT_MS', '3999', '4000'],
    ['MAX_SESSION_TIMEOUT_MS', '9999999999', '2147483647'],
  ];
  for (const [key, value, allowed] of cases) {
    refused(() => loadSettings({}, { ...MINIMAL, [key]: value }), key, value, allowed);
  }
  for (const key of Object.keys(MINIMAL)) {
    refused(() => loadSettings({}, { ...MINIMAL, [key]: undefined }), key, 'not set');
  }
});

test('an unknown key in the file is refused, what the SDK or a shell wants is not', () => {
  refused(() => loadSettings({}, MINIMAL, 'LOGGROUP=x'), 'LOGGROUP', 'LOG_GROUP');
  const settings = loadSettings({}, MINIMAL, 'PATH=/usr/bin\nAWS_ENDPOINT_URL=http://127.0.0.1:1\nAWS_REGION=x');
  assert.deepEqual(settings.aws, { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_REGION: 'x' });
  const environment: NodeJS.ProcessEnv = { AWS_REGION: 'stays' };
  applyAwsEnvironment(settings, environment);
  assert.deepEqual(environment, { AWS_REGION: 'stays', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
});

test('the file is read where ZK_AGENT_ENV_FILE says; a named file must be there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  try {
    const file = join(folder, 'agent.env');
    writeFileSync(file, 'CLUSTER=there\nBUCKET=bucket\n');
    assert.equal(readSettings({}, { ZK_AGENT_ENV_FILE: file }).cluster, 'there');
    refused(() => readSettings({}, { ZK_AGENT_ENV_FILE: `${file}.not` }), `${file}.not`, 'ZK_AGENT_ENV_FILE');
    refused(() => readSettings({}, { ZK_AGENT_ENV_FILE: folder }), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the file: quotes, comments, and nothing that a shell would read otherwise', () => {
  const text = `# a comment\n\n  A=plain/x:1,2\nB='single "quoted" $x'\r\nC="double \\"q\\" \\\\ \\$"\nEMPTY=\n`;
  assert.deepEqual(Object.fromEntries(parseEnvironmentFile(text, 'f')), {
    A: 'plain/x:1,2',
    B: 'single "quoted" $x',
    C: 'double "q" \\ $',
    EMPTY: '',
  });
  const secret = 'hunter2 hunter2';
  for (const line of [
    `A=${secret}`,
    'A',
    'a=1',
    '=1',
    'export A=1',
    'A=$B',
    `A='x`,
    `A="x"y`,
    'A="$(reboot)"',
    'A=x #',
  ]) {
    refused(() => parseEnvironmentFile(`\n${line}\n`, '/some/file'), 'Line 2 of /some/file');
  }
  refused(() => parseEnvironmentFile('A=1\nA=2', 'f'), 'Line 2', 'second time');
  assert.throws(
    () => parseEnvironmentFile(`AWS_SECRET_ACCESS_KEY=${secret}`, 'f'),
    (error: Error) => !error.message.includes('hunter2'),
  );
});

test('what is written in quotes is read back', () => {
  const entries = { A: '["java","-D$x","a\\b"]', B: "it's `so`", C: '', D: '#not a comment', E: '/plain' };
  const lines = Object.entries(entries).map(([key, value]) => `${key}="${value.replace(/["\\$`]/g, '\\$&')}"`);
  assert.deepEqual(Object.fromEntries(parseEnvironmentFile(lines.join('\n'), 'f')), entries);
});

test('a cluster is found by its id and its region, and nothing else has to be set', () => {
  const none = { AWS_REGION: 'eu-west-1' };
  assert.deepEqual(readClusterSettings({ cluster: 'orders-4f1c2a90' }, none), {
    cluster: 'orders-4f1c2a90',
    region: 'eu-west-1',
    timings: PRODUCTION_TIMINGS,
    aws: {},
  });
  assert.equal(readClusterSettings({ cluster: 'a', region: 'eu-central-1' }, none).region, 'eu-central-1');
  assert.equal(readClusterSettings({ cluster: 'a' }, { ...none, REGION: 'us-east-1' }).region, 'us-east-1');
  assert.equal(readClusterSettings({ cluster: 'a' }, {}).region, undefined);
  refused(() => readClusterSettings({}, none), 'CLUSTER');
  refused(() => readClusterSettings({ cluster: 'a', region: 'here' }, none), 'REGION', 'here');
});
