// SPDX-License-Identifier: Apache-2.0
/** A fresh config on the disk of a node: the older files are kept aside, wherever the writing is cut off. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { memberAt } from '../../src/model/member.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import { crashingAt } from './crashing-file-system.ts';
import { filledDisk, MEMBERS, type TestDisk } from './test-disk.ts';
import { zxid } from './transaction-log-file.ts';

/** As the server does it: all else stays. */
async function pointAt(test: TestDisk, dynamicFile: string): Promise<void> {
  const zooCfg = join(test.confDir, 'zoo.cfg');
  const text = await readFile(zooCfg, 'utf8');
  await writeFile(zooCfg, text.replace(/^dynamicConfigFile=.*$/m, `dynamicConfigFile=${dynamicFile}`));
}

describe('a fresh config', () => {
  it('moves the older files aside, the pending config too, and keeps every different one', async () => {
    await using test = await filledDisk();
    await writeFile(
      join(test.confDir, 'zoo.cfg.dynamic.next'),
      'server.1=127.9.9.1:2888:3888:participant;2181\nversion=12\n',
    );
    await writeFile(join(test.confDir, 'zoo.cfg.dynamic.5'), 'server.1=127.9.9.1:2888:3888:participant;2181\n');
    assert.equal((await test.read()).pending?.version, zxid(0x12));
    await test.disk.writeConfig({ version: ZXID_ZERO, members: MEMBERS });
    const facts = await test.read();
    assert.equal(facts.pending, undefined);
    assert.deepEqual(facts.config, { version: zxid(0), members: MEMBERS });
    assert.deepEqual((await readdir(test.confDir)).sort(), ['aside', 'zoo.cfg', 'zoo.cfg.dynamic']);
    assert.deepEqual((await readdir(join(test.confDir, 'aside', '1'))).sort(), [
      'zoo.cfg',
      'zoo.cfg.dynamic',
      'zoo.cfg.dynamic.5',
      'zoo.cfg.dynamic.next',
    ]);
    await test.disk.writeConfig({ version: ZXID_ZERO, members: MEMBERS });
    await test.disk.writeConfig({ version: ZXID_ZERO, members: MEMBERS });
    assert.deepEqual((await readdir(join(test.confDir, 'aside'))).sort(), ['1', '2']);
  });

  it('is whole or not there, wherever the writing is cut off', async () => {
    const other = [memberAt(7, '127.9.9.7', 'participant')];
    for (let at = 1, crashed = true; crashed; at++) {
      await using test = await filledDisk();
      await writeFile(join(test.confDir, 'zoo.cfg.dynamic.5'), 'server.1=127.9.9.1:2888:3888:participant;2181\n');
      await pointAt(test, join(test.confDir, 'zoo.cfg.dynamic.5'));
      ({ crashed } = await crashingAt(at, () => test.disk.writeConfig({ version: ZXID_ZERO, members: other })));
      const { config } = await test.read();
      assert.ok(config?.version === zxid(5) || config?.members[0]?.id === 7, `call ${at}`);
      await test.disk.writeConfig({ version: ZXID_ZERO, members: other });
      assert.deepEqual((await test.read()).config, { version: zxid(0), members: other });
    }
  });
});
