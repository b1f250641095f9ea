// SPDX-License-Identifier: Apache-2.0
/** Who has no secret of a node changes no config, and the secrets stand nowhere but in the two files made for them. */
import assert from 'node:assert/strict';
import { type Dirent, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import {
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeTagsCommand,
} from '@aws-sdk/client-ec2';
import { type ReconfigRequest, retry, ZookeeperClient, ZookeeperError } from '../../src/client/index.ts';
import { memberAt } from '../../src/model/member.ts';
import { fromZxid } from '../../src/model/zxid.ts';
import { agentFiles } from '../../src/zookeeper/agent-files.ts';
import { formatMember } from '../../src/zookeeper/dynamic-config.ts';
import { oneEnsemble } from './support/agreement.ts';
import { startLab, type TestLab } from './support/lab.ts';

const LIMIT_MS = 600_000;
const TRIES = 5;
const TOKEN_HEADER = 'X-aws-ec2-metadata-token';

interface Node {
  readonly id: number;
  readonly instance: string;
  readonly address: string;
  readonly password: string;
  /** What java is given: the digest that the server compares with. */
  readonly digest: string;
}

describe('an ensemble whose members have used their secrets', { timeout: LIMIT_MS }, () => {
  let lab: TestLab;
  let nodes: readonly Node[] = [];

  before(async () => {
    lab = await startLab({ nodes: 3 });
    await lab.healthy();
    // A removal and an addition: each is made by a node with its own secret.
    const [follower] = await lab.followers(1);
    await lab.terminate(follower.instance);
    await lab.untilGone([follower.instance]);
    await oneEnsemble(lab, 3);
    nodes = (await lab.nodes()).map(({ id = 0, instance, address = '' }) => {
      const files = agentFiles(join(lab.directoryOf(instance), 'data'));
      const password = readFileSync(files.superSecret, 'utf8').trim();
      const digest = readFileSync(files.javaOptions, 'utf8').trim().split('super:')[1] ?? '';
      return { id, instance, address, password, digest };
    });
  });

  after(() => lab?.[Symbol.asyncDispose]());

  test('every node has a secret of its own, long enough, in files that only their owner can read', () => {
    assert.equal(new Set(nodes.map((node) => node.password)).size, nodes.length);
    for (const { instance, password, digest } of nodes) {
      assert.match(password, /^[0-9a-f]{48}$/);
      assert.match(digest, /^[A-Za-z0-9+/]{27}=$/);
      const files = agentFiles(join(lab.directoryOf(instance), 'data'));
      for (const file of [files.superSecret, files.javaOptions]) {
        assert.equal(lstatSync(file).mode & 0o7777, 0o600, file);
      }
    }
  });

  test('a stranger can’t reconfigure anything on any server, however he introduces himself', async () => {
    const config = await lab.configOf(nodes[0]?.address ?? '');
    const stranger = memberAt(99, '127.0.0.99', 'participant');
    const remaining = config.members.filter((member) => member.id !== nodes[0]?.id);
    const requests: readonly ReconfigRequest[] = [
      { joining: [formatMember(stranger)] },
      { joining: [formatMember({ ...stranger, role: 'observer' })] },
      { leaving: [nodes[0]?.id ?? 0] },
      { newMembers: remaining.map(formatMember) },
      { joining: [formatMember(stranger)], leaving: [nodes[0]?.id ?? 0], fromVersion: fromZxid(config.version) },
    ];
    for (const node of nodes) {
      const others = nodes.filter((other) => other !== node).map((other) => `super:${other.password}`);
      const introductions = [undefined, 'super:wrong', `super:${node.digest}`, 'super:', 'admin:admin', ...others];
      for (const introduction of introductions) {
        // On a busy machine an election may cut a connection at any time.
        await retry(
          async () => {
            await using client = await fresh(node);
            // The server accepts every digest and gives it the name that it earns.
            if (introduction !== undefined) await client.addAuth('digest', introduction).catch(() => undefined);
            for (const request of requests) await refused(node, client.reconfig(request));
            await refused(node, client.set('/zookeeper/config', Buffer.from('server.1=127.0.0.99:2888:3888;2181')));
          },
          { maxTries: TRIES, ignoreMaybeApplied: true },
        );
      }
    }
    for (const { address } of nodes) assert.deepEqual(await lab.configOf(address), config);
  });

  test('the node’s own secret is what opens its server, and the version still guards the config', async () => {
    for (const node of nodes) {
      await using client = await fresh(node);
      await client.addAuth('digest', `super:${node.password}`);
      const request = { leaving: [node.id], fromVersion: 1n };
      await assert.rejects(client.reconfig(request), (error) => isCode(error, 'BAD_VERSION'));
    }
  });

  test('no secret stands in a log, a config, an argument list, an environment, or any other file', async () => {
    const secrets = await allSecrets();
    const found: string[] = [];
    for (const file of filesUnder(lab.lab.state.path)) {
      const text = contentOf(file);
      if (secrets.some((secret) => text.includes(secret))) found.push(relative(lab.lab.state.machines, file));
    }
    const allowed = nodes.flatMap(({ instance }) =>
      ['super-secret', 'java-options'].map((name) => join(instance, 'data', 'zk-agent', name)),
    );
    // The terminated node's disk still holds its own, which are others'.
    assert.deepEqual(found.sort(), allowed.sort());

    const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    let servers = 0;
    for (const pid of processes) {
      for (const file of ['cmdline', 'environ']) {
        const text = readProcess(pid, file);
        // The shell that stays beside each server has the server's arguments in its own.
        const isJava = file === 'cmdline' && basename(text.split('\0')[0] ?? '') === 'java';
        if (isJava && text.includes(lab.lab.state.machines) && text.includes('QuorumPeerMain')) servers += 1;
        assert.ok(!secrets.some((secret) => text.includes(secret)), `/proc/${pid}/${file} holds a secret.`);
      }
    }
    assert.equal(servers, nodes.length, 'The servers themselves were looked at.');
  });

  test('no secret stands in a tag, in the user data, in the name of a claim, or in the bucket', async () => {
    const { ec2, autoScaling } = lab.lab.operator;
    const LaunchTemplateName = `${lab.cluster}-node`;
    const said: unknown[] = [
      await ec2.send(new DescribeTagsCommand({})),
      await ec2.send(new DescribeInstancesCommand({})),
      await autoScaling.send(new DescribeAutoScalingGroupsCommand({})),
      await ec2.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName, Versions: ['$Latest'] })),
      await lab.claims(),
      [...(await lab.bucket(''))],
    ];
    for (const { instance: InstanceId } of nodes) {
      const { UserData } = await ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' }));
      said.push(Buffer.from(UserData?.Value ?? '', 'base64').toString());
    }
    const text = JSON.stringify(said);
    assert.ok(text.includes('zookeeper_id') && text.includes('CLUSTER=') && text.includes('/started/'));
    for (const secret of await allSecrets()) assert.ok(!text.includes(secret));
  });

  /** Passwords and digests, and the credentials that the metadata service hands out. */
  async function allSecrets(): Promise<readonly string[]> {
    const secrets = nodes.flatMap(({ password, digest }) => [password, digest]);
    for (const { instance } of nodes) {
      const { secretAccessKey, token } = await credentialsOf(lab.metadataOf(instance).url);
      secrets.push(secretAccessKey, token);
    }
    assert.ok(secrets.every((secret) => secret.length > 20));
    return secrets;
  }
});

function fresh(node: Node): Promise<ZookeeperClient> {
  return ZookeeperClient.connect({ servers: `${node.address}:2181`, sessionTimeoutMs: 6_000, reconnectLimitMs: 0 });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof ZookeeperError && error.code === code;
}

async function refused(node: Node, attempt: Promise<unknown>): Promise<void> {
  try {
    await attempt;
  } catch (error) {
    if (isCode(error, 'NO_AUTH')) return;
    throw error;
  }
  assert.fail(`${node.address} refuses it for want of the right.`);
}

/** Empty for a file that has gone meanwhile: each tick has a lock, and a file beside it. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if (isGone(error)) return '';
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function filesUnder(directory: string): readonly string[] {
  return entriesOf(directory).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesUnder(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Empty for a process that has ended meanwhile. */
function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

async function credentialsOf(endpoint: string): Promise<{ secretAccessKey: string; token: string }> {
  const issued = await fetch(`${endpoint}/latest/api/token`, {
    method: 'PUT',
    headers: { [`${TOKEN_HEADER}-ttl-seconds`]: '60' },
  });
  const headers = { [TOKEN_HEADER]: await issued.text() };
  const roles = `${endpoint}/latest/meta-data/iam/security-credentials/`;
  const role = await (await fetch(roles, { headers })).text();
  const answer = await fetch(`${roles}${role}`, { headers });
  const { SecretAccessKey, Token } = (await answer.json()) as { SecretAccessKey: string; Token: string };
  return { secretAccessKey: SecretAccessKey, token: Token };
}
