// SPDX-License-Identifier: Apache-2.0
/** Each file of a node, edited in every way: a fact beside the others, and never the end of the look. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { type DiskFacts, type NodeFile, UNREADABLE_FENCE, unreadable } from '../../src/model/disk.ts';
import { FORMATS } from '../../src/model/formats.ts';
import { memberAt } from '../../src/model/member.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import type { NodeDisk } from '../../src/ports.ts';
import { LAB_TICK } from '../../src/timings.ts';
import { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import { superSecret } from '../../src/zookeeper/super-secret.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { snapshotOf } from './snapshot-file.ts';
import { LOG_HEADER, logEntry } from './transaction-log-file.ts';

const SIGNAL = new AbortController().signal;
const MEMBERS = [1, 2, 3].map((id) => memberAt(id, `127.9.9.${id}`, 'participant'));
const DYNAMIC = MEMBERS.map(
  ({ id, address }) => `server.${id}=${address}:2888:3888:participant;${address}:2181\n`,
).join('');

interface Filled extends AsyncDisposable {
  readonly root: string;
  readonly dataDir: string;
  readonly confDir: string;
  readonly disk: NodeDisk;
  read(): Promise<DiskFacts>;
}

async function filled(): Promise<Filled> {
  const directory: TemporaryDirectory = await temporaryDirectory();
  const [dataDir, confDir] = [join(directory.path, 'data'), join(directory.path, 'conf')];
  await mkdir(join(dataDir, 'version-2'), { recursive: true });
  await mkdir(confDir);
  const disk = nodeDisk({
    dataDir,
    confDir,
    idFile: join(dataDir, 'myid'),
    dynamicFile: join(confDir, 'zoo.cfg.dynamic'),
    cluster: 'c',
    tick: LAB_TICK,
    // The machine's own would name the volume that these tests run on.
    sysfs: 'none',
  });
  const data = join(dataDir, 'version-2');
  await writeFile(join(data, 'snapshot.3'), snapshotOf());
  await writeFile(join(data, 'log.4'), Buffer.concat([LOG_HEADER, logEntry(4), logEntry(5)]));
  await writeFile(join(data, 'currentEpoch'), '0');
  await writeFile(join(data, 'acceptedEpoch'), '0');
  await disk.copyDataAside('kept');
  await disk.writeId(1);
  await disk.writeNonce('00ff');
  await disk.writeStamp({ cluster: 'c', lineage: 1, id: 1 });
  await disk.writeCommitted({ version: '0000000100000007', members: MEMBERS });
  await writeFile(join(confDir, 'zoo.cfg.dynamic.next'), `${DYNAMIC}version=100000009\n`);
  await disk.raiseFence({ record: 1 });
  await disk.mark('ready');
  await disk.vouch('0000000100000007', 3);
  await disk.inStateSince('Pending:Wait', 1_000);
  await superSecret(dataDir);
  const read = async (): Promise<DiskFacts> => {
    const { freeShare, diskBytes, ...facts } = await disk.read(SIGNAL);
    return facts;
  };
  return {
    root: directory.path,
    dataDir,
    confDir,
    disk,
    read,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

const EDITS: Readonly<Record<string, (path: string) => Promise<void>>> = {
  emptied: (path) => truncate(path, 0),
  torn: async (path) => truncate(path, Math.floor((await readFile(path)).length / 2)),
  zeroed: async (path) => writeFile(path, Buffer.alloc((await readFile(path)).length)),
  garbage: (path) => writeFile(path, 'x\0y\nz'),
  'a directory': async (path) => {
    await rm(path);
    await mkdir(path);
  },
  'made unreadable': (path) => chmod(path, 0),
  gone: (path) => rm(path),
};

async function everyFile(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

describe('a node of which one file was', () => {
  for (const [how, edit] of Object.entries(EDITS)) {
    it(`${how} is looked at all the same, and goes on to be changed`, async () => {
      let files: readonly string[];
      {
        await using node = await filled();
        files = (await everyFile(node.root)).toSorted();
      }
      assert.ok(files.length >= 18, files.join(' '));
      for (const file of files) {
        await using node = await filled();
        await edit(join(node.root, file));
        const facts = await node.read();
        assert.deepEqual(await node.read(), facts, `${file}: the same again, or a report would be written in a loop`);
        // A person has to take the folder away.
        if (how === 'a directory') continue;
        // What a join does: nothing of it may fail for the sake of what it replaces.
        await node.disk.setDataAside('lineage-1-before-1');
        await node.disk.writeId(1);
        await node.disk.writeConfig({ version: ZXID_ZERO, members: MEMBERS });
        await node.disk.writeStamp({ cluster: 'c', lineage: 1, id: 1 });
        await node.disk.liftFence().catch(() => undefined);
        const after = await node.read();
        const left = (after.unreadable ?? []).filter(
          ({ what }) => !['aside', 'marks', 'nonce', 'fence'].includes(what),
        );
        assert.deepEqual(left, [], file);
        assert.equal(after.data, undefined, file);
        await node.disk.inStateSince('Pending:Wait', 2_000).catch(() => undefined);
      }
    });
  }

  it('emptied is told by its name, with the reason', async () => {
    const told: Readonly<Record<NodeFile, string>> = {
      id: 'data/myid',
      stamp: 'data/zk-agent/stamp.json',
      nonce: 'data/zk-agent/nonce',
      fence: 'data/zk-agent/fence.json',
      config: 'conf/zoo.cfg',
      pending: 'conf/zoo.cfg.dynamic.next',
      aside: 'data/aside/kept/stamp.json',
      marks: '',
    };
    for (const [what, file] of Object.entries(told) as [NodeFile, string][]) {
      if (file === '') continue;
      await using node = await filled();
      // Data set aside without a stamp has none to lose.
      await writeFile(join(node.root, file), '');
      const found = unreadable(await node.read(), what);
      assert.ok(found && found.why.length > 5, what);
      assert.ok(join(node.root, file).startsWith(found.file), `${what}: ${found.file}`);
    }
  });

  it('a proposed config without its version, the last line of it, is cut off, whatever lines are left', async () => {
    await using node = await filled();
    const path = join(node.root, 'conf', 'zoo.cfg.dynamic.next');
    const whole = await readFile(path, 'utf8');
    for (const text of [DYNAMIC, DYNAMIC.slice(0, -10), DYNAMIC.slice(0, DYNAMIC.length / 2)]) {
      assert.ok(whole.startsWith(text));
      await writeFile(path, text);
      assert.match(unreadable(await node.read(), 'pending')?.why ?? '', /cut off/);
    }
    await writeFile(path, whole);
    assert.equal((await node.read()).pending?.members.length, 3);
  });

  it('a committed config that was cut within a line is damage, though the rest can be understood', async () => {
    await using node = await filled();
    const path = join(node.root, 'conf', 'zoo.cfg.dynamic.100000007');
    const whole = await readFile(path, 'utf8');
    for (
      let end = whole.indexOf('server.2') + 10;
      end < whole.indexOf(':participant', whole.indexOf('server.2')) + 12;
      end++
    ) {
      await writeFile(path, whole.slice(0, end));
      assert.match(unreadable(await node.read(), 'config')?.why ?? '', /cut off/, whole.slice(0, end));
    }
  });

  it('a line with characters that no server writes is damage, and no line of somebody’s', async () => {
    await using node = await filled();
    for (const [what, name] of [
      ['config', 'zoo.cfg.dynamic.100000007'],
      ['pending', 'zoo.cfg.dynamic.next'],
    ] as const) {
      const path = join(node.root, 'conf', name);
      const whole = await readFile(path);
      for (const at of [whole.indexOf('127.9'), whole.indexOf('participant')]) {
        const flipped = Buffer.from(whole);
        for (let each = at; each < at + 8; each++) flipped.writeUInt8(flipped.readUInt8(each) ^ 0xff, each);
        await writeFile(path, flipped);
        assert.match(unreadable(await node.read(), what)?.why ?? '', /characters that no server writes/);
      }
      await writeFile(path, whole.toString().replace('participant', 'partixipant'));
      const facts = await node.read();
      assert.equal(unreadable(facts, what), undefined, 'This one may be of somebody, or of a later release.');
      assert.equal(facts[what]?.notUnderstood?.length, 1);
      await writeFile(path, whole);
    }
  });

  it('a stamp of a newer release is told from a torn one, and one of the release before is read', async () => {
    await using node = await filled();
    const path = join(node.dataDir, 'zk-agent', 'stamp.json');
    const fields = { cluster: 'c', lineage: 1, id: 1 };
    assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), { format: FORMATS.stamp, ...fields });
    await writeFile(path, JSON.stringify(fields));
    assert.deepEqual((await node.read()).stamp, fields);
    await writeFile(path, JSON.stringify({ format: FORMATS.stamp + 1, ...fields }));
    const facts = await node.read();
    assert.equal(facts.stamp, undefined);
    const found = unreadable(facts, 'stamp');
    assert.equal(found?.newer, true);
    assert.match(found?.why ?? '', /newer release/);
  });

  it('a stamp with flipped bytes in the name of its cluster is damage, and no other cluster', async () => {
    await using node = await filled();
    const path = join(node.dataDir, 'zk-agent', 'stamp.json');
    const bytes = await readFile(path);
    const at = bytes.indexOf('"c"') + 1;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
    await writeFile(path, bytes);
    const facts = await node.read();
    assert.equal(facts.stamp, undefined);
    assert.ok(unreadable(facts, 'stamp'));
  });

  it('emptied counts as what does no harm', async () => {
    await using node = await filled();
    for (const name of ['stamp.json', 'fence.json', 'nonce']) await truncate(join(node.dataDir, 'zk-agent', name), 0);
    await truncate(join(node.dataDir, 'version-2', 'currentEpoch'), 0);
    const facts = await node.read();
    assert.deepEqual(facts.fence, UNREADABLE_FENCE);
    assert.equal(facts.stamp, undefined);
    assert.equal(facts.nonce, undefined);
    assert.match(facts.data?.damage ?? '', /currentEpoch should hold one number/);
    assert.equal(await node.disk.isFenced(), true);
  });

  it('data set aside keeps its facts when only the note of them is lost', async () => {
    await using node = await filled();
    const before = (await node.read()).aside;
    await truncate(join(node.dataDir, 'aside', 'kept', 'facts.json'), 0);
    assert.deepEqual((await node.read()).aside, before);
  });

  it('a zoo.cfg cut off before what the server needs is no config', async () => {
    await using node = await filled();
    const path = join(node.confDir, 'zoo.cfg');
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => !line.startsWith('syncLimit'));
    await writeFile(path, lines.join('\n'));
    assert.match(unreadable(await node.read(), 'config')?.why ?? '', /is without syncLimit/);
  });

  it('a mark that can not be read is no order to leave, no first start that is over, and a report that may be left over', async () => {
    await using node = await filled();
    for (const name of ['left', 'ready', 'signalled', 'reported']) {
      await rm(join(node.dataDir, 'zk-agent', name), { force: true });
      await symlink(name, join(node.dataDir, 'zk-agent', name));
    }
    const { left, ready, signalled, reported, unreadable = [] } = await node.read();
    assert.deepEqual(
      { left, ready, signalled, reported },
      { left: false, ready: false, signalled: false, reported: true },
    );
    assert.deepEqual(new Set(unreadable.map(({ what }) => what)), new Set(['marks']));
    assert.equal(unreadable.length, 4);
  });

  it('a secret, or its file for Java, that can not be read is made anew: no server would start any more', async () => {
    for (const name of ['super-secret', 'java-options']) {
      for (const put of [(path: string) => symlink(name, path), (path: string) => mkdir(path)]) {
        await using node = await filled();
        const path = join(node.dataDir, 'zk-agent', name);
        await rm(path);
        await put(path);
        const { password, javaOptionsFile } = await superSecret(node.dataDir);
        assert.match(password, /^[0-9a-f]{48}$/);
        assert.match(await readFile(javaOptionsFile, 'utf8'), /superDigest=super:/);
      }
    }
  });

  it('a config that was cut at the end of a line looks whole, and is told by the number of its members', async () => {
    await using node = await filled();
    const config = join(node.confDir, 'zoo.cfg.dynamic.100000007');
    await writeFile(config, DYNAMIC.split('\n').slice(0, 2).join('\n').concat('\n'));
    const facts = await node.read();
    assert.equal(facts.config, undefined);
    assert.match(unreadable(facts, 'config')?.why ?? '', /has 2 members here, and had 3/);
    assert.equal(facts.vouched, '0000000100000007');
    // Of another version it says nothing.
    await node.disk.vouch('0000000100000006', 3);
    assert.equal((await node.read()).config?.members.length, 2);
  });

  it('an empty secret is made anew, and never used', async () => {
    await using node = await filled();
    const { password } = await superSecret(node.dataDir);
    for (const text of ['', '\0\0', password.slice(0, 20)]) {
      await writeFile(join(node.dataDir, 'zk-agent', 'super-secret'), text);
      assert.match((await superSecret(node.dataDir)).password, /^[0-9a-f]{48}$/);
    }
  });
});
