// SPDX-License-Identifier: Apache-2.0
/**
 * `zoo.cfg` around the config that it points at: the agent's own settings, whoever wrote it last, and whatever befell
 * it.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { memberAt } from '../../src/model/member.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import type { NodeDisk } from '../../src/ports.ts';
import { LAB_TICK } from '../../src/timings.ts';
import { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const SIGNAL = new AbortController().signal;
const VERSION = '0000000100000007';
const CONFIG = { version: VERSION, members: [1, 2, 3].map((id) => memberAt(id, `127.9.9.${id}`, 'participant')) };

interface Node extends AsyncDisposable {
  readonly confDir: string;
  readonly zooCfg: string;
  readonly disk: NodeDisk;
}

async function configured(): Promise<Node> {
  const directory: TemporaryDirectory = await temporaryDirectory();
  const [dataDir, confDir] = [join(directory.path, 'data'), join(directory.path, 'conf')];
  await mkdir(dataDir);
  await mkdir(confDir);
  const dynamicFile = join(confDir, 'zoo.cfg.dynamic');
  const disk = nodeDisk({ dataDir, confDir, idFile: join(dataDir, 'myid'), dynamicFile, cluster: 'c', tick: LAB_TICK });
  await disk.writeCommitted(CONFIG);
  return {
    confDir,
    zooCfg: join(confDir, 'zoo.cfg'),
    disk,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

test('the lines as the server writes them, in another order and escaped, are the same settings', async () => {
  await using node = await configured();
  const lines = (await readFile(node.zooCfg, 'utf8')).trim().split('\n');
  await writeFile(node.zooCfg, `#Sun Nov 29 2026\n${lines.toReversed().join('\n').replaceAll(':', '\\:')}\n`);
  assert.equal(await node.disk.hasOtherSettings(), false);
});

for (const { what, edit } of [
  {
    what: 'with other settings, of another release',
    edit: (text: string) => text.replace(/purgeInterval=1\b/, 'purgeInterval=24'),
  },
  { what: 'with a line that is damaged', edit: (text: string) => text.replace('syncLimit', 's\uffffncLimit') },
  {
    what: 'with another node’s data directory',
    edit: (text: string) => text.replace(/^dataDir=.*$/m, 'dataDir=/elsewhere'),
  },
]) {
  test(`zoo.cfg ${what} is written anew, and still points at the config that the server wrote last`, async () => {
    await using node = await configured();
    const own = await readFile(node.zooCfg, 'utf8');
    const edited = edit(own);
    assert.notEqual(edited, own);
    await writeFile(node.zooCfg, edited);
    assert.equal(await node.disk.hasOtherSettings(), true);
    await node.disk.writeSettings();
    assert.equal(await node.disk.hasOtherSettings(), false);
    assert.equal(await readFile(node.zooCfg, 'utf8'), own);
    assert.deepEqual((await node.disk.read(SIGNAL)).config, CONFIG);
    const kept = await readdir(join(node.confDir, 'aside'));
    assert.equal(await readFile(join(node.confDir, 'aside', kept.at(-1) ?? '', 'zoo.cfg'), 'utf8'), edited);
  });
}

test('a zoo.cfg that points at another node’s config names none of this node', async () => {
  await using node = await configured();
  const text = await readFile(node.zooCfg, 'utf8');
  await writeFile(node.zooCfg, text.replaceAll(node.confDir, '/elsewhere/conf'));
  const { config, unreadable } = await node.disk.read(SIGNAL);
  assert.equal(config, undefined);
  assert.match(JSON.stringify(unreadable), /no file of this node/);
});

for (const name of ['zoo.cfg', 'zoo.cfg.dynamic', 'zoo.cfg.dynamic.100000007', 'zoo.cfg.dynamic.next']) {
  test(`${name} as a link that leads nowhere does not keep a fresh config away, and is kept aside`, async () => {
    await using node = await configured();
    await unlink(join(node.confDir, name)).catch(() => undefined);
    await symlink(name, join(node.confDir, name));
    await node.disk.writeConfig({ version: ZXID_ZERO, members: CONFIG.members });
    assert.deepEqual((await node.disk.read(SIGNAL)).config?.members, CONFIG.members);
    const kept = await readdir(join(node.confDir, 'aside'));
    assert.ok((await readdir(join(node.confDir, 'aside', kept.at(-1) ?? ''))).includes(name));
  });
}
