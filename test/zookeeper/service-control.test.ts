// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { zookeeperHome } from '../../lab/zookeeper/fetch.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import type { ServerControl } from '../../src/ports.ts';
import { LAB_TICK } from '../../src/timings.ts';
import { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import { parsePidFile, runningMs } from '../../src/zookeeper/process-identity.ts';
import { processService } from '../../src/zookeeper/process-service.ts';
import type { Forbidding } from '../../src/zookeeper/start-check.ts';
import { systemdService } from '../../src/zookeeper/systemd-service.ts';
import { runProgram } from '../../tools/program.ts';
import { emptyEnsemble, type RealEnsemble } from '../support/real-server.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const SIGNAL = new AbortController().signal;

interface Running extends AsyncDisposable {
  readonly service: ServerControl;
  readonly pidFile: string;
  pid(): Promise<number>;
  fence(on: boolean): void;
}

/** A process service over any command, stopped at the end whatever happened. */
async function over(directory: string, command: readonly string[], stopLimitMs = 5_000): Promise<Running> {
  let fenced = false;
  const pidFile = join(directory, 'server.pid');
  const service = processService({
    command,
    pidFile,
    logFile: join(directory, 'server.log'),
    whatForbids: async () => (fenced ? 'fence' : undefined),
    stopLimitMs,
  });
  return {
    service,
    pidFile,
    pid: async () => parsePidFile(await readFile(pidFile, 'utf8'))?.pid ?? 0,
    fence: (on) => {
      fenced = on;
    },
    [Symbol.asyncDispose]: () => service.stop(SIGNAL),
  };
}

async function upMsOf(service: ServerControl): Promise<number | undefined> {
  const state = await service.state(SIGNAL);
  return state.kind === 'running' ? state.upMs : undefined;
}

async function javaCommand(ensemble: RealEnsemble): Promise<readonly string[]> {
  const dataDir = join(ensemble.directory, 'data');
  const confDir = join(ensemble.directory, 'conf');
  await mkdir(dataDir);
  await mkdir(confDir);
  const disk = nodeDisk({
    dataDir,
    confDir,
    idFile: join(dataDir, 'myid'),
    dynamicFile: join(confDir, 'zoo.cfg.dynamic'),
    cluster: 'orders-4f1c2a90',
    tick: LAB_TICK,
  });
  await disk.writeId(1);
  await disk.writeMarker();
  await disk.writeConfig({ version: ZXID_ZERO, members: ensemble.members });
  return [...(await zookeeperHome()).command('fast'), join(confDir, 'zoo.cfg')];
}

function processGroupOf(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2];
}

describe('the server as a child process', () => {
  it('starts and stops a real server, in the process group of the agent', async () => {
    await using ensemble = await emptyEnsemble(1);
    await using server = await over(ensemble.directory, await javaCommand(ensemble));
    assert.equal(await upMsOf(server.service), undefined);
    await server.service.start(SIGNAL);
    const pid = await server.pid();
    const early = await upMsOf(server.service);
    assert.ok(early !== undefined && early < 30_000);
    assert.match(await readFile(`/proc/${pid}/cmdline`, 'latin1'), /^java\0.*QuorumPeerMain/s);
    const groups = [`/proc/${pid}/stat`, '/proc/self/stat'].map(async (path) =>
      processGroupOf(await readFile(path, 'utf8')),
    );
    assert.equal(await groups[0], await groups[1]);
    await server.service.start(SIGNAL);
    assert.equal(await server.pid(), pid, 'a second start finds it running');
    await untilInFile(join(ensemble.directory, 'server.log'), 'LEADING');
    await sleep(100);
    assert.ok(((await upMsOf(server.service)) ?? 0) >= early + 100);
    await server.service.stop(SIGNAL);
    assert.equal(await upMsOf(server.service), undefined);
    await assert.rejects(readFile(`/proc/${pid}/cmdline`, 'utf8').then((text) => assert.equal(text, 'still there')));
    await server.service.stop(SIGNAL);
    await server.service.start(SIGNAL);
    assert.notEqual(await server.pid(), pid);
  });

  it('kills what does not end by itself, also while it is stopped', async () => {
    await using directory = await temporaryDirectory();
    const deaf = ['/bin/sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done'];
    await using server = await over(directory.path, deaf, 300);
    await server.service.start(SIGNAL);
    await server.service.stop(SIGNAL);
    assert.equal(await upMsOf(server.service), undefined);
    await server.service.start(SIGNAL);
    process.kill(await server.pid(), 'SIGSTOP');
    assert.notEqual(await upMsOf(server.service), undefined, 'a stopped process is there');
    await server.service.stop(SIGNAL);
    assert.equal(await upMsOf(server.service), undefined);
  });

  it('refuses to start while fenced, and still stops', async () => {
    await using directory = await temporaryDirectory();
    await using server = await over(directory.path, ['/bin/sleep', '60']);
    server.fence(true);
    await assert.rejects(server.service.start(SIGNAL), { code: 'FENCED' });
    assert.equal(await upMsOf(server.service), undefined);
    server.fence(false);
    await server.service.start(SIGNAL);
    server.fence(true);
    await server.service.stop(SIGNAL);
    assert.equal(await upMsOf(server.service), undefined);
  });

  it('never takes another process for the server when the number is used again', async () => {
    await using directory = await temporaryDirectory();
    await using server = await over(directory.path, ['/bin/sleep', '60']);
    const other = spawn('/bin/sleep', ['60']);
    try {
      const stat = await readFile(`/proc/${other.pid}/stat`, 'utf8');
      const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
      const startTicks = stat.split(' ')[21] ?? '';
      await writeFile(server.pidFile, stat.replace(` ${startTicks} `, ` ${Number(startTicks) - 1} `) + boot);
      assert.equal(await upMsOf(server.service), undefined, 'another start time');
      await server.service.stop(SIGNAL);
      await writeFile(server.pidFile, `${stat}00000000-0000-0000-0000-000000000000\n`);
      assert.equal(await upMsOf(server.service), undefined, 'another boot');
      await server.service.stop(SIGNAL);
      assert.equal(other.exitCode ?? other.signalCode, null, 'the other process lives');
      await writeFile(server.pidFile, stat + boot);
      assert.notEqual(await upMsOf(server.service), undefined, 'the very process');
      await writeFile(server.pidFile, '');
      assert.equal(await upMsOf(server.service), undefined, 'a pid file that is being written');
      await server.service.start(SIGNAL);
      assert.notEqual(await server.pid(), other.pid);
    } finally {
      other.kill('SIGKILL');
    }
  });

  it('says so when the command cannot be run or ends at once', async () => {
    await using directory = await temporaryDirectory();
    await using missing = await over(directory.path, ['/nowhere/java', '-version']);
    await assert.rejects(missing.service.start(SIGNAL), { code: 'SERVER_DID_NOT_START' });
    assert.equal(await upMsOf(missing.service), undefined);
  });

  it('leaves the server running when the agent ends', async () => {
    await using directory = await temporaryDirectory();
    await using server = await over(directory.path, ['/bin/sleep', '60']);
    const agent = join(import.meta.dirname, 'start-and-exit.ts');
    await runProgram(process.execPath, ['--import', 'tsx', agent, server.pidFile, join(directory.path, 'server.log')]);
    assert.notEqual(await upMsOf(server.service), undefined);
    await server.service.stop(SIGNAL);
    assert.equal(await upMsOf(server.service), undefined);
  });

  it('says what the process has done: one that works is told from one that waits', async () => {
    await using directory = await temporaryDirectory();
    await using busy = await over(directory.path, ['/bin/sh', '-c', 'while :; do :; done']);
    assert.equal(await busy.service.work(SIGNAL), undefined);
    await busy.service.start(SIGNAL);
    const [before] = [await busy.service.work(SIGNAL), await sleep(500)];
    const worked = ((await busy.service.work(SIGNAL))?.cpuMs ?? 0) - (before?.cpuMs ?? 0);
    assert.ok(worked >= 50, `${worked} ms`);
    await using other = await temporaryDirectory();
    await using idle = await over(other.path, ['/bin/sleep', '60']);
    await idle.service.start(SIGNAL);
    await sleep(500);
    assert.ok(((await idle.service.work(SIGNAL))?.cpuMs ?? 500) <= 50);
  });

  it('counts a zombie as gone', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'zombie.pid');
    const write = `IFS= read -r stat < /proc/$$/stat; printf "%s\\n" "$stat" > ${file}`;
    // The parent becomes a program that never asks for its child's end.
    const parent = spawn('/bin/sh', ['-c', `/bin/sh -c '${write}' & exec sleep 60`]);
    try {
      await sleep(200);
      const [pid = ''] = (await readFile(file, 'utf8')).split(' ');
      assert.match(await readFile(`/proc/${pid}/stat`, 'utf8'), /\) Z /);
      const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
      await writeFile(file, (await readFile(file, 'utf8')) + boot);
      const identity = parsePidFile(await readFile(file, 'utf8'));
      assert.ok(identity);
      assert.equal(await runningMs(identity), undefined);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('does not stop what it was told to leave alone', async () => {
    await using directory = await temporaryDirectory();
    await using server = await over(
      directory.path,
      ['/bin/sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done'],
      300,
    );
    await server.service.start(SIGNAL);
    await assert.rejects(server.service.stop(AbortSignal.abort()));
    assert.notEqual(await upMsOf(server.service), undefined);
  });
});

describe('the server as a systemd unit', () => {
  /**
   * A systemctl that keeps the unit's state in files: enough to see what is asked of it and to answer as systemd does.
   */
  const SYSTEMCTL = `#!/bin/sh
echo "$@" >> "$FAKE_SYSTEMD/calls"
state=$(cat "$FAKE_SYSTEMD/state")
case "$1" in
  show)
    case "$state" in
      running) printf 'LoadState=loaded\\nActiveState=active\\nMainPID=4711\\nActiveEnterTimestampMonotonic=%s\\n' "$(cat "$FAKE_SYSTEMD/since")" ;;
      unknown) printf 'LoadState=not-found\\nActiveState=inactive\\nMainPID=0\\nActiveEnterTimestampMonotonic=0\\n' ;;
      looping) printf 'LoadState=loaded\\nActiveState=activating\\nMainPID=0\\nActiveEnterTimestampMonotonic=0\\nNRestarts=2\\nExecMainCode=%s\\nExecMainStatus=1\\nExecMainStartTimestampMonotonic=1000000\\nExecMainExitTimestampMonotonic=%s\\n' "$(cat "$FAKE_SYSTEMD/code")" "$(cat "$FAKE_SYSTEMD/ended")" ;;
      restarting) printf 'LoadState=loaded\\nActiveState=activating\\nMainPID=0\\nActiveEnterTimestampMonotonic=0\\n' ;;
      *) printf 'LoadState=loaded\\nActiveState=inactive\\nMainPID=0\\nActiveEnterTimestampMonotonic=0\\n' ;;
    esac ;;
  start) case "$state" in refusing) exit 1 ;; conditional) exit 0 ;; *) echo running > "$FAKE_SYSTEMD/state" ;; esac ;;
  stop) if [ -e "$FAKE_SYSTEMD/unstoppable" ]; then exit 0; fi; echo stopped > "$FAKE_SYSTEMD/state" ;;
  reset-failed) exit 1 ;;
esac
`;
  let directory: TemporaryDirectory;
  const path = process.env.PATH;

  before(async () => {
    directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'systemctl'), SYSTEMCTL);
    await chmod(join(directory.path, 'systemctl'), 0o755);
    process.env.PATH = `${directory.path}${delimiter}${path}`;
    process.env.FAKE_SYSTEMD = directory.path;
  });
  after(async () => {
    process.env.PATH = path;
    delete process.env.FAKE_SYSTEMD;
    await directory[Symbol.asyncDispose]();
  });

  const service = (forbidding?: Forbidding): ServerControl =>
    systemdService({ unit: 'zookeeper.service', whatForbids: async () => forbidding });
  const state = (name: string): Promise<void> => writeFile(join(directory.path, 'state'), `${name}\n`);
  const calls = async (): Promise<string> => readFile(join(directory.path, 'calls'), 'utf8');

  it('starts, tells the time, and stops', async () => {
    await state('stopped');
    assert.equal(await upMsOf(service()), undefined);
    const nowMicroseconds = process.hrtime.bigint() / 1_000n;
    await writeFile(join(directory.path, 'since'), String(nowMicroseconds - 5_000_000n));
    await service().start(SIGNAL);
    const upMs = await upMsOf(service());
    assert.ok(upMs !== undefined && upMs >= 5_000 && upMs < 60_000, String(upMs));
    await service().stop(SIGNAL);
    assert.equal(await upMsOf(service()), undefined);
    assert.match(await calls(), /^start zookeeper\.service$/m);
    assert.match(await calls(), /^stop zookeeper\.service$/m);
  });

  it('refuses to start while fenced, without a call', async () => {
    await state('stopped');
    await writeFile(join(directory.path, 'calls'), '');
    await assert.rejects(service('fence').start(SIGNAL), { code: 'FENCED' });
    assert.equal(await calls(), '');
  });

  it('tells a server between two restarts from one that is stopped, and a stop ends the restarts', async () => {
    await state('restarting');
    assert.deepEqual(await service().state(SIGNAL), { kind: 'restarting' });
    await service().stop(SIGNAL);
    assert.deepEqual(await service().state(SIGNAL), { kind: 'stopped' });
  });

  it('tells how often the server has ended at its start, and the last error of the journal', async () => {
    const journal = "printf 'INFO it starts\\nERROR it is broken\\nINFO it ends\\n'";
    await writeFile(join(directory.path, 'journalctl'), `#!/bin/sh\necho "$@" >> "$FAKE_SYSTEMD/calls"\n${journal}\n`);
    await chmod(join(directory.path, 'journalctl'), 0o755);
    await state('looping');
    await writeFile(join(directory.path, 'code'), '1');
    await writeFile(join(directory.path, 'ended'), '3000000');
    const looping = await service().state(SIGNAL);
    assert.ok(looping.kind === 'restarting' && looping.ends !== undefined && looping.ends.sinceMs > 0);
    const { sinceMs: _, ...ends } = looping.ends;
    const log = 'journalctl -u zookeeper.service';
    assert.deepEqual(ends, { count: 3, how: 'exit code 1', log, error: 'ERROR it is broken' });
    assert.match(await calls(), /^--unit zookeeper\.service --boot --lines=400 /m);

    await writeFile(join(directory.path, 'ended'), '900000000');
    assert.deepEqual(await service().state(SIGNAL), { kind: 'restarting' }, 'it ran for long');
    await writeFile(join(directory.path, 'ended'), '3000000');
    await writeFile(join(directory.path, 'code'), '2');
    assert.deepEqual(await service().state(SIGNAL), { kind: 'restarting' }, 'somebody killed it');
  });

  it('reports a stop after which systemd is still about to start the server', async () => {
    await state('restarting');
    await writeFile(join(directory.path, 'unstoppable'), '');
    await assert.rejects(service().stop(SIGNAL), { code: 'SERVER_DID_NOT_STOP', message: /activating/ });
    await rm(join(directory.path, 'unstoppable'));
  });

  it('refuses to start without a stamp, without a call', async () => {
    await state('stopped');
    await writeFile(join(directory.path, 'calls'), '');
    await assert.rejects(service('no-stamp').start(SIGNAL), { code: 'DATA_WITHOUT_STAMP' });
    assert.equal(await calls(), '');
  });

  it('reports a start that fails, and one that a condition of the unit made nothing of', async () => {
    for (const name of ['refusing', 'conditional']) {
      await state(name);
      await assert.rejects(service().start(SIGNAL), { code: 'SERVER_DID_NOT_START', message: /zookeeper\.service/ });
    }
  });

  it('reports a stop after which the process is still there', async () => {
    await state('running');
    await writeFile(join(directory.path, 'since'), '0');
    await writeFile(join(directory.path, 'unstoppable'), '');
    await assert.rejects(service().stop(SIGNAL), { code: 'SERVER_DID_NOT_STOP', message: /4711/ });
  });

  it('does not take an unknown unit for a server that does not run', async () => {
    await state('unknown');
    await assert.rejects(upMsOf(service()), { code: 'INTERNAL', message: /does not know it/ });
  });
});

async function untilInFile(path: string, pattern: string): Promise<void> {
  const end = performance.now() + 30_000;
  while (!new RegExp(pattern).test(await readFile(path, 'utf8'))) {
    assert.ok(performance.now() < end, `${path} shows ${pattern} in time`);
    await sleep(50);
  }
}
