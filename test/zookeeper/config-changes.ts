// SPDX-License-Identifier: Apache-2.0
/**
 * Every change that the agent makes to its config directory. The files that were there are kept, whatever is cut off.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Member, memberAt } from '../../src/model/member.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import { type DiskChange, isSame, type Seen, textOf } from './disk-change.ts';
import { zxid } from './transaction-log-file.ts';

const OTHERS: readonly Member[] = [memberAt(7, '127.9.9.7', 'participant')];
const LISTED = 'server.1=127.9.9.1:2888:3888:participant;2181\n';
const PENDING = `${LISTED}version=12\n`;
/** As the agent writes it for LAB_TICK; the server's own file has no such line. */
const OWN_TICK = /^tickTime=200$/m;

/** As a server has left it: `zoo.cfg` points at the config of version 5. */
async function ofServer(root: string, dynamic: string): Promise<void> {
  const conf = join(root, 'conf');
  writeFileSync(join(conf, 'zoo.cfg.dynamic.5'), dynamic);
  const zooCfg = `dataDir=/data\ninitLimit=5\nsyncLimit=2\ndynamicConfigFile=${join(conf, 'zoo.cfg.dynamic.5')}\n`;
  writeFileSync(join(conf, 'zoo.cfg'), zooCfg);
}

async function withProposal(_: unknown, root: string): Promise<void> {
  await ofServer(root, LISTED);
  writeFileSync(join(root, 'conf', 'zoo.cfg.dynamic.next'), PENDING);
}

function keepsOlder(seen: Seen, before: Seen): void {
  for (const [path, file] of before.files) {
    if (!path.startsWith('conf/') || !('bytes' in file)) continue;
    const name = path.slice('conf/'.length);
    const kept = [...seen.files].some(
      ([at, other]) => (at === path || /^conf\/aside\/\d+\//.test(at)) && at.endsWith(name) && isSame(file, other),
    );
    assert.ok(kept, `the older ${name} is kept`);
  }
}

/** A server reads what `zoo.cfg` points at, and a proposed config may still commit. */
function keepsConfigAndProposal(seen: Seen, before: Seen): void {
  keepsOlder(seen, before);
  assert.ok([zxid(5), zxid(9)].includes(seen.facts.config?.version ?? ''), 'a config to read');
  assert.deepEqual(seen.facts.pending, before.facts.pending);
}

export const CONFIG_CHANGES = {
  writeConfig: [
    {
      name: 'writeConfig over an older one, with another pending',
      before: withProposal,
      change: (disk) => disk.writeConfig({ version: ZXID_ZERO, members: OTHERS }),
      isDone: ({ facts }) => facts.config?.members[0]?.id === 7 && facts.pending === undefined,
      holds: ({ facts }) =>
        assert.ok(facts.config?.version === zxid(5) || facts.config?.members[0]?.id === 7, 'a config to read'),
      keeps: keepsOlder,
    },
    {
      name: 'writeConfig on an empty disk',
      empty: true,
      change: (disk) => disk.writeConfig({ version: ZXID_ZERO, members: OTHERS }),
      isDone: ({ facts }) => facts.config?.members[0]?.id === 7,
      holds: () => {},
    },
  ],
  writeCommitted: [
    {
      name: 'writeCommitted beside an older one, with another pending',
      empty: true,
      before: withProposal,
      change: (disk) => disk.writeCommitted({ version: zxid(9), members: OTHERS }),
      isDone: ({ facts }) => facts.config?.version === zxid(9) && facts.config.members[0]?.id === 7,
      keeps: keepsConfigAndProposal,
    },
    {
      name: 'writeCommitted over a file of that version that was emptied',
      empty: true,
      before: (_, root) => ofServer(root, ''),
      change: (disk) => disk.writeCommitted({ version: zxid(5), members: OTHERS }),
      isDone: ({ facts }) => facts.config?.version === zxid(5) && facts.config.members[0]?.id === 7,
      keeps: keepsOlder,
    },
  ],
  writeSettings: [
    {
      name: 'writeSettings around the config that zoo.cfg points at',
      empty: true,
      before: withProposal,
      change: (disk) => disk.writeSettings(),
      isDone: ({ files }) => OWN_TICK.test(textOf(files, 'conf/zoo.cfg') ?? ''),
      keeps: (seen, before) => {
        keepsConfigAndProposal(seen, before);
        assert.deepEqual(seen.facts.config, before.facts.config, 'the config is the one that it was');
      },
    },
  ],
} as const satisfies Readonly<Record<string, readonly DiskChange[]>>;
