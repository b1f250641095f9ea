// SPDX-License-Identifier: Apache-2.0
/**
 * A node for the bundled agent, made by hand: its files, a metadata service, a server that knows only four-letter
 * words, and an AWS that counts who calls and answers nobody. The agent is the real one, in a process of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../build/bundle.ts';
import { type MetadataEndpoint, startMetadataService } from '../../lab/metadata/metadata-service.ts';
import { freeLoopbackBlock } from '../../lab/zookeeper/loopback.ts';
import { CLIENT_PORT, memberAt } from '../../src/model/member.ts';
import { formatMember } from '../../src/zookeeper/dynamic-config.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

export interface AgentRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Files and built-in modules that the process had loaded at its end. */
  readonly loaded: readonly string[];
}

export class NodeByHand implements AsyncDisposable {
  /** What the server answers to a word; undefined closes the connection without a word. */
  words: Readonly<Record<string, string | undefined>> = {};
  targetState: string | undefined = 'InService';
  publicAddress: string | undefined;
  awsCalls = 0;
  readonly directory: string;
  readonly address: string;
  readonly metadata: MetadataEndpoint;
  /** The bundled program. */
  readonly agent: string;
  readonly #close: () => Promise<void>;
  readonly awsUrl: string;

  constructor(parts: {
    directory: string;
    address: string;
    metadata: MetadataEndpoint;
    agent: string;
    awsUrl: string;
    close: () => Promise<void>;
  }) {
    this.directory = parts.directory;
    this.address = parts.address;
    this.metadata = parts.metadata;
    this.agent = parts.agent;
    this.awsUrl = parts.awsUrl;
    this.#close = parts.close;
  }

  get dataDir(): string {
    return join(this.directory, 'data');
  }

  get confDir(): string {
    return join(this.directory, 'conf');
  }

  get lockFile(): string {
    return join(this.directory, 'agent.lock');
  }

  /** The files of member 1 of a healthy ensemble of three, as its server and its agent have written them. */
  async writeHealthy(): Promise<void> {
    const prefix = this.address.slice(0, this.address.lastIndexOf('.'));
    const members = [1, 2, 3].map((id) => memberAt(id, `${prefix}.${id}`, 'participant'));
    const dynamic = join(this.confDir, 'zoo.cfg.dynamic.100000007');
    await mkdir(join(this.dataDir, 'zk-agent'), { recursive: true });
    await mkdir(this.confDir, { recursive: true });
    await writeFile(join(this.dataDir, 'myid'), '1\n');
    await writeFile(join(this.dataDir, 'zk-agent', 'ready'), '');
    await writeFile(join(this.dataDir, 'zk-agent', 'vouched'), '0000000100000007 3\n');
    const stamp = { cluster: 'orders-4f1c2a90', lineage: 1, id: 1 };
    await writeFile(join(this.dataDir, 'zk-agent', 'stamp.json'), JSON.stringify(stamp));
    const zooCfg = `dataDir=${this.dataDir}\ninitLimit=5\nsyncLimit=2\ndynamicConfigFile=${dynamic}\n`;
    await writeFile(join(this.confDir, 'zoo.cfg'), zooCfg);
    await writeFile(dynamic, `${members.map(formatMember).join('\n')}\n`);
  }

  async run(
    words: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    program = this.agent,
  ): Promise<AgentRun> {
    const settings = {
      CLUSTER: 'orders-4f1c2a90',
      BUCKET: 'orders-bucket',
      CONF_DIR: this.confDir,
      DATA_DIR: this.dataDir,
      LOCK_FILE: this.lockFile,
      SERVICE: 'process',
      SERVICE_COMMAND: '["/bin/false"]',
      SERVICE_PID_FILE: join(this.directory, 'server.pid'),
      SERVICE_LOG_FILE: join(this.directory, 'server.log'),
      TIMINGS: JSON.stringify({ awsTimeoutMs: 1_000, probeTimeoutMs: 1_000, tickLimitMs: 1_500, pollMs: 200 }),
    };
    const file = join(this.directory, 'agent.env');
    await writeFile(
      file,
      Object.entries(settings)
        .map(([key, value]) => `${key}='${value}'\n`)
        .join(''),
    );
    const loadedFile = join(this.directory, 'loaded.json');
    const child = spawn(process.execPath, ['--require', HOOK, program, ...words], {
      env: {
        PATH: process.env.PATH ?? '',
        HOME: this.directory,
        ZK_AGENT_ENV_FILE: file,
        LOADED_FILE: loadedFile,
        AWS_ENDPOINT_URL: this.awsUrl,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: this.metadata.url,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [[code], out, err] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
    const loaded = JSON.parse(await readFile(loadedFile, 'utf8')) as string[];
    return { code: code as number | null, out, err, loaded };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

const HOOK = fileURLToPath(new URL('./write-loaded.cjs', import.meta.url));

async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}

export async function nodeByHand(): Promise<NodeByHand> {
  const { agent } = await bundle();
  const folder = await temporaryDirectory();
  const block = await freeLoopbackBlock();
  const address = block.address(1);
  let node: NodeByHand | undefined;
  const zookeeper = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (word) => socket.end(node?.words[word.toString('latin1')] ?? ''));
  });
  const aws = createServer((socket) => {
    if (node) node.awsCalls++;
    socket.destroy();
  });
  await listen(zookeeper, address, CLIENT_PORT);
  const awsPort = await listen(aws, '127.0.0.1', 0);
  const metadata = await startMetadataService({
    listenAddress: '127.0.0.1',
    facts: {
      instance: 'i-0a01',
      address,
      region: 'eu-central-1',
      zone: 'eu-central-1a',
      imageId: 'ami-1',
      instanceType: 't3.small',
      accountId: '123456789012',
      role: 'node',
      userData: '',
      publicAddress: async () => node?.publicAddress,
    },
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', token: 'token' },
    targetLifecycleState: async () => node?.targetState,
  });
  const close = async (): Promise<void> => {
    zookeeper.close();
    aws.close();
    await metadata.close();
    await block[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  };
  const awsUrl = `http://127.0.0.1:${awsPort}`;
  node = new NodeByHand({ directory: folder.path, address, metadata, agent, awsUrl, close });
  await node.writeHealthy();
  return node;
}

/** What a follower says to `mntr`, as far as the agent reads it. */
export function followerMonitor(): string {
  return 'zk_version\t3.9.5-1\nzk_server_state\tfollower\n';
}

/** What a leader says to `mntr`, as far as the agent reads it. */
export function leaderMonitor(synced: number, nonVoting = 0): string {
  return `zk_version\t3.9.5-1\nzk_server_state\tleader\nzk_synced_followers\t${synced}\nzk_synced_non_voting_followers\t${nonVoting}\n`;
}
