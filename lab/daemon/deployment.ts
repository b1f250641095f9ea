// SPDX-License-Identifier: Apache-2.0
/**
 * The lab's stack, deployed as a person with the documented permissions. This runs deploy.sh, or its code in this
 * process. CloudFormation is done only when every node has signalled. So the stack's own facts are read earlier: as
 * soon as the group has been created.
 */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IdentityMode } from '../../cf/template-options.ts';
import { DEFAULT_WAITS } from '../../deploy/context.ts';
import { deleteStack } from '../../deploy/delete.ts';
import { deploy } from '../../deploy/deploy.ts';
import { readOrder } from '../../deploy/options.ts';
import { clusterOf, describeStack, physicalId } from '../../deploy/stack.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import type { LabAccount } from '../account.ts';
import { labClients } from '../aws-clients.ts';
import type { LabDeployment } from '../lab-deployment.ts';
import { timingSettings } from '../timing-settings.ts';
import { type Deployer, runScript } from './run-script.ts';

export type { Deployer } from './run-script.ts';

export interface DeploymentOptions {
  readonly stackName: string;
  readonly account: LabAccount;
  readonly nodes: number;
  readonly mode: IdentityMode;
  readonly productionTiming: boolean;
  /** `ID:NAME` of the zone in which the nodes keep names. */
  readonly zone?: string;
  /** More lines of agent.env. */
  readonly settings: Readonly<Record<string, string>>;
  /** Runs deploy.sh, as a person does, instead of its code in this process. */
  readonly byScript: boolean;
  /** The heartbeat limit of the launch and the terminate hook; 60 by default. */
  readonly heartbeatSeconds?: number;
  /** The environment of the deploy.sh process. */
  readonly environment: Readonly<Record<string, string>>;
}

const SCRIPT = resolve(import.meta.dirname, '../../deploy.sh');
const POLL_MS = 100;
const MOST_HOSTS = 9;
/** Long enough for a busy machine, and short enough to notice a failure. */
const NODE_LIMIT = 'PT10M';
/**
 * For people, who want to see soon what happens to a silent node. Tests delay nodes on purpose, so they keep the longer
 * default.
 */
const HEARTBEAT_SECONDS = 60;
/** deploy.sh begins the line of an event with this. */
const EVENT_TIME = /^ *\d+\.\ds {2}/;
const HOW_TO_RUN = ['--yes', '--poll-seconds', String(POLL_MS / 1_000)];

/**
 * Creates the stack, or updates it to this image. Resolves when CloudFormation is done, after the nodes' signals.
 * `further` are flags of deploy.sh; they replace the lab's own.
 */
export async function runDeployment(
  deployer: Deployer,
  options: DeploymentOptions,
  imageId: string,
  hear: (line: string) => void,
  signal: AbortSignal,
  further: readonly string[] = [],
): Promise<void> {
  await run(deployer, options, [...wordsOf(options, imageId), ...further], hear, signal);
}

/** Deletes the stack, and with `--with-data` its data. Resolves when it is gone. */
export async function runDeletion(
  deployer: Deployer,
  options: DeploymentOptions,
  hear: (line: string) => void,
  signal: AbortSignal,
  further: readonly string[] = [],
): Promise<void> {
  const words = ['--delete', '--stackname', options.stackName, ...HOW_TO_RUN, ...further];
  await run(deployer, options, words, hear, signal);
}

async function run(
  deployer: Deployer,
  options: DeploymentOptions,
  words: readonly string[],
  hear: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  // The receiver of the lines adds its own times.
  const say = (line: string): void => hear(line.replace(EVENT_TIME, ''));
  if (options.byScript) {
    await runScript(SCRIPT, words, { person: deployer, environment: options.environment, hear: say, signal });
  } else await runHere(deployer, words, say, signal);
}

function wordsOf(options: DeploymentOptions, imageId: string): readonly string[] {
  const { account, stackName, nodes, mode, productionTiming, byScript, zone } = options;
  const settings = { ...timingSettings(productionTiming), ...options.settings };
  return [
    ...['--stackname', stackName, '--vpcid', account.vpc, '--subnets', ...account.subnets],
    ...['--ami', imageId, '--numhosts', String(nodes)],
    ...(mode === 'elastic-ip' ? ['--mode', mode] : ['--maxhosts', String(MOST_HOSTS)]),
    ...(zone === undefined ? [] : ['--zone', zone]),
    ...['--keyname', account.keyName, '--environment', 'lab'],
    ...['--creationtimeout', NODE_LIMIT, '--updatetimeout', NODE_LIMIT],
    ...(byScript && !productionTiming
      ? ['launch', 'terminate'].flatMap((hook) => [
          `--${hook}heartbeat`,
          String(options.heartbeatSeconds ?? HEARTBEAT_SECONDS),
        ])
      : []),
    ...Object.entries(settings).flatMap(([key, value]) => ['--setting', `${key}=${value}`]),
    ...['--no-lint', ...HOW_TO_RUN],
  ];
}

async function runHere(
  { endpoint, key }: Deployer,
  words: readonly string[],
  hear: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const order = readOrder(words);
  if (order.kind === 'help') throw new Error('The lab deploys and deletes; it asks for nothing else.');
  using aws = labClients(endpoint, key);
  const terminal = { interactive: false, line: hear, progress: () => {}, result: () => {}, ask: async () => '' };
  const context = { aws, terminal, signal, waits: { ...DEFAULT_WAITS, pollMs: order.pollMs }, nowMs: Date.now };
  if (order.kind === 'deploy') await deploy(order, context);
  else await deleteStack(context, order);
}

/**
 * The facts of a stack that is being created, once its group exists. Use a signal that aborts when the creation fails.
 */
export async function stackFacts(
  aws: AwsClients,
  stackName: string,
  imageId: string,
  signal: AbortSignal,
): Promise<LabDeployment> {
  for (;;) {
    const stack = await describeStack(aws, stackName, signal);
    const [group, bucket] = await Promise.all(
      stack === undefined ? [] : ['Group', 'Bucket'].map((name) => physicalId(aws, stack.id, name, signal)),
    );
    if (stack !== undefined && group !== undefined && bucket !== undefined) {
      const cluster = clusterOf(stack);
      return { id: stack.id, cluster, bucket, logGroup: `/zookeeper/${cluster}`, group, imageId };
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
