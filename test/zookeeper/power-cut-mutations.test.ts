// SPDX-License-Identifier: Apache-2.0
/** Each call that makes something durable, taken out: a power cut then loses what a rule relies on. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import { superSecret } from '../../src/zookeeper/super-secret.ts';
import { cutEverywhere } from './cut-everywhere.ts';
import { DISK_CHANGES } from './disk-changes.ts';
import { type Mutation, mutated } from './mutated-disk-code.ts';

interface Caught extends Mutation {
  /** A change in which it shows, and how. */
  readonly change: string;
  readonly broken: RegExp;
}

const REAL = { nodeDisk, superSecret };

const MUTATIONS: readonly Caught[] = [
  {
    name: 'a written file is not synced',
    file: 'durable-file.ts',
    search: '      await file.chmod(mode);\n      await file.sync();\n',
    replace: '      await file.chmod(mode);\n',
    change: 'raiseFence over that of an older record',
    broken: /fence\.json/,
  },
  {
    name: 'the directory of a written file is not synced',
    file: 'durable-file.ts',
    search: '    doneWithHalf(half);\n  }\n  await syncDirectory(dirname(path));\n',
    replace: '    doneWithHalf(half);\n  }\n',
    change: 'writeStamp over an older one',
    broken: /what was done is still done/,
  },
  {
    name: 'the directories of a rename are not synced',
    file: 'durable-file.ts',
    search: '  await syncDirectory(dirname(to));\n  await syncDirectory(dirname(from));\n',
    replace: '',
    change: 'setDataAside',
    broken: /data has its stamp|what was done is still done/,
  },
  {
    name: 'the directory that a rename leaves is not synced',
    file: 'durable-file.ts',
    search: '  await syncDirectory(dirname(from));\n',
    replace: '',
    change: 'setDataAside',
    broken: /data has its stamp|what was done is still done/,
  },
  {
    name: 'the directory of a removed file is not synced',
    file: 'durable-file.ts',
    search: `  await syncDirectory(dirname(path)).catch((error: unknown) => {
    if (!isCode(error, 'ENOENT')) {
      throw error;
    }
  });
`,
    replace: '',
    change: 'liftFence',
    broken: /what was done is still done/,
  },
  {
    name: 'a made directory is not synced',
    file: 'durable-file.ts',
    search: '    await directory.close();\n  }\n  await syncDirectory(dirname(path));\n}\n\n/** Renames',
    replace: '    await directory.close();\n  }\n}\n\n/** Renames',
    change: 'raiseFence on an empty disk',
    broken: /what was done is still done/,
  },
  {
    name: 'a directory that is there is taken for whole',
    file: 'durable-file.ts',
    search: "    if (!isCode(error, 'EEXIST')) {\n      throw error;\n    }\n",
    replace: "    if (isCode(error, 'EEXIST')) return;\n    throw error;\n",
    change: 'raiseFence on an empty disk',
    broken: /zk-agent belongs to root/,
  },
  {
    name: 'what a killed run renamed is not synced',
    file: 'node-disk.ts',
    search: '        await syncPlaces(options);\n',
    replace: '',
    change: 'raiseAcceptedEpoch of data',
    broken: /what was done is still done/,
  },
  {
    name: 'a move that was cut short is not synced',
    file: 'aside.ts',
    search: `    await syncDirectory(join(asideOf(places), folder));
    await syncDirectory(places.dataDir);
`,
    replace: '',
    change: 'setDataAside',
    broken: /data has its stamp|what was done is still done|is whole/,
  },
  {
    name: 'a copied file is not synced',
    file: 'directory-copy.ts',
    search: '    await file.sync();\n',
    replace: '',
    change: 'copyDataAside',
    broken: /aside\/kept\/version-2/,
  },
  {
    name: 'the directory of a copy is not synced',
    file: 'directory-copy.ts',
    search: '  await syncDirectory(to);\n',
    replace: '',
    change: 'copyDataAside',
    broken: /aside\/kept\/version-2/,
  },
  {
    name: 'a copy is not as long as its source',
    file: 'directory-copy.ts',
    search: '  await target.truncate(size);\n',
    replace: '',
    change: 'copyDataAside',
    broken: /log\.1 is whole/,
  },
  {
    name: 'a copy belongs to root',
    file: 'directory-copy.ts',
    search: '      await file.chown(owner.uid, owner.gid);',
    replace: '',
    change: 'restoreAside',
    broken: /version-2\/\S+ belongs to root/,
  },
  {
    name: 'what is written belongs to root',
    file: 'durable-file.ts',
    search: '      await takeOverOwner(dirname(path), (uid, gid) => file.chown(uid, gid));\n',
    replace: '',
    change: 'raiseAcceptedEpoch of data',
    broken: /acceptedEpoch belongs to root/,
  },
  {
    name: 'a directory belongs to root',
    file: 'durable-file.ts',
    search: '    await takeOverOwner(dirname(path), (uid, gid) => directory.chown(uid, gid));\n',
    replace: '',
    change: 'raiseAcceptedEpoch without data',
    broken: /version-2 belongs to root/,
  },
  {
    name: 'older config files are not synced where they are kept',
    file: 'durable-file.ts',
    search: '    await takeOverOwner(dirname(to), (uid, gid) => file.chown(uid, gid));\n    await file.sync();\n',
    replace: '    await takeOverOwner(dirname(to), (uid, gid) => file.chown(uid, gid));\n',
    change: 'writeConfig over an older one, with another pending',
    broken: /the older zoo\.cfg\S* is kept/,
  },
  {
    name: 'what a killed run left is not cleared away',
    file: 'node-disk.ts',
    search: '        await removeLeftovers(options);\n',
    replace: '',
    change: 'writeId',
    broken: /leaves nothing half/,
  },
  {
    name: 'half a config under its version is not cleared away',
    file: 'leftovers.ts',
    search: ' || COMMITTED.test(name)',
    replace: '',
    change: 'writeCommitted beside an older one, with another pending',
    broken: /leaves nothing half/,
  },
  {
    name: 'zoo.cfg points at a config before it is there',
    file: 'config-directory.ts',
    search: `  await writeDurably(file, renderDynamicConfig(config.members));
  await writeDurably(join(confDir, ZOO_CFG), await zooCfgAround(places, file));
`,
    replace: `  await writeDurably(join(confDir, ZOO_CFG), await zooCfgAround(places, file));
  await writeDurably(file, renderDynamicConfig(config.members));
`,
    change: 'writeCommitted beside an older one, with another pending',
    broken: /a config to read/,
  },
  {
    name: 'an older zoo.cfg is not kept',
    file: 'config-directory.ts',
    search: `  await keepOlderFiles(places);
  await writeDurably(join(confDir, ZOO_CFG), await zooCfgAround(places, pointed));
`,
    replace: '  await writeDurably(join(confDir, ZOO_CFG), await zooCfgAround(places, pointed));\n',
    change: 'writeSettings around the config that zoo.cfg points at',
    broken: /the older zoo\.cfg is kept/,
  },
  {
    name: 'an occasion takes the place of the others',
    file: 'occasions.ts',
    search: '{ ...before, [occasion]: times }',
    replace: '{ [occasion]: times }',
    change: 'note after another occasion',
    broken: /the earlier one is kept/,
  },
  {
    name: 'a note about the start is written in its place',
    file: 'failed-start.ts',
    search: 'await writeDurably(path, formatOwnJson(',
    replace:
      "const file = await (await import('node:fs/promises')).open(path, 'w');\n  await file.writeFile(formatOwnJson(",
    change: 'noteFailedStart over an older note',
    broken: /a note of these files/,
  },
];

describe('a power cut finds', () => {
  for (const mutation of MUTATIONS) {
    it(`that ${mutation.name}`, async () => {
      const change = DISK_CHANGES.find(({ name }) => name === mutation.change);
      assert.ok(change, mutation.change);
      await assert.rejects(cutEverywhere(change, await mutated(mutation), REAL), mutation.broken);
    });
  }
});
