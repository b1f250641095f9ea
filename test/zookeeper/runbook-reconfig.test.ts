// SPDX-License-Identifier: Apache-2.0
/** What the runbook lets a person type into ZooKeeper's own shell to change the members by hand, on real servers. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { zookeeperHome } from '../../lab/zookeeper/fetch.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { agentFiles } from '../../src/zookeeper/agent-files.ts';
import { formatMember } from '../../src/zookeeper/dynamic-config.ts';
import { superSecret } from '../../src/zookeeper/super-secret.ts';
import { outcomeOf } from '../../tools/program.ts';
import { emptyEnsemble, type RealEnsemble } from '../support/real-server.ts';

const RUNBOOK = resolve(import.meta.dirname, '../../docs/runbook.md');
const LIMIT = { timeout: 300_000 };
/** The class that zkCli.sh starts; the scripts themselves come with the archive of the image. */
const SHELL = 'org.apache.zookeeper.ZooKeeperMain';

/** The lines that the runbook shows for ZooKeeper's shell. */
async function shownLines(): Promise<readonly string[]> {
  const runbook = await readFile(RUNBOOK, 'utf8');
  const block = /```\n(addauth digest super:[^`]*)```/.exec(runbook)?.[1];
  assert.ok(block !== undefined, 'The runbook shows no line with addauth.');
  return block.trim().split('\n');
}

async function typed(ensemble: RealEnsemble, id: number, lines: readonly string[]): Promise<string> {
  const { classPath, logback } = await zookeeperHome();
  const server = `${ensemble.block.address(id)}:${CLIENT_PORT}`;
  const flags = ['-XX:TieredStopAtLevel=1', `-Dlogback.configurationFile=${logback}`, '-cp', classPath];
  const words = [...flags, SHELL, '-server', server];
  const { stdout, stderr } = await outcomeOf('java', words, { input: `${lines.join('\n')}\n`, limitMs: 60_000 });
  return `${stdout}${stderr}`;
}

async function serversWithTheirSecrets(size: number): Promise<RealEnsemble> {
  const ensemble = await emptyEnsemble(size);
  for (const { id } of ensemble.members) {
    const dataDir = join(ensemble.directory, String(id), 'data');
    await mkdir(dataDir, { recursive: true });
    const { javaOptionsFile } = await superSecret(dataDir);
    await ensemble.start(id, {
      start: 'genesis',
      members: ensemble.members,
      jvmOptions: [`@${javaOptionsFile}`],
    });
  }
  await Promise.all(ensemble.members.map(({ id }) => ensemble.server(id).untilServing(120_000)));
  return ensemble;
}

function secretFile(ensemble: RealEnsemble, id: number): string {
  return agentFiles(join(ensemble.directory, String(id), 'data')).superSecret;
}

const REFUSED = /Insufficient permission/;

/** Two that follow: the removal of the leader would cut the connection, as the runbook says. */
async function followersOf(ensemble: RealEnsemble): Promise<readonly [number, number]> {
  const modes = await Promise.all(
    ensemble.members.map(async ({ id }) => ({
      id,
      mode: /^Mode: (\w+)$/m.exec(await ensemble.server(id).ask('srvr')),
    })),
  );
  const [one, other] = modes.filter(({ mode }) => mode?.[1] === 'follower').map(({ id }) => id);
  assert.ok(one !== undefined && other !== undefined);
  return [one, other];
}

test('a person changes the members with the secret of a node, and nobody does without it', LIMIT, async () => {
  await using ensemble = await serversWithTheirSecrets(3);
  const [here, removedId] = await followersOf(ensemble);
  const listed = `^server\\.${removedId}=`;
  const [login = '', ...rest] = await shownLines();
  const secretOf = async (id: number): Promise<string> => (await readFile(secretFile(ensemble, id), 'utf8')).trim();
  const authorized = async (id: number): Promise<string> => login.replace(/<.*>/, await secretOf(id));
  const shown = rest.map((line) => line.replace(/^(reconfig -remove) \d+$/, `$1 ${removedId}`));
  assert.deepEqual(shown, ['config', `reconfig -remove ${removedId}`, 'quit']);

  assert.match(await typed(ensemble, here, shown), REFUSED);
  assert.match(await typed(ensemble, here, [await authorized(removedId), ...shown]), REFUSED);

  const removed = await typed(ensemble, here, [await authorized(here), ...shown]);
  assert.match(removed, new RegExp(`${listed}.*Committed new configuration:`, 'ms'));
  assert.doesNotMatch(removed, new RegExp(`Committed new configuration:.*${listed}`, 'ms'));
  assert.ok(!removed.includes(await secretOf(here)), 'the shell prints what was typed into it');

  const file = join(ensemble.directory, 'members');
  await writeFile(file, ensemble.members.map((member) => `${formatMember(member)}\n`).join(''));
  const added = await typed(ensemble, here, [await authorized(here), `reconfig -file ${file}`, 'quit']);
  assert.match(added, new RegExp(`Committed new configuration:.*${listed}`, 'ms'));
});
