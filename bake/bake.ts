// SPDX-License-Identifier: Apache-2.0
/**
 * The bake. Before anything is launched, it checks everything that can be wrong. Then Packer makes the image, and the
 * bake does the settings that Packer could not do. Only an image that passes the last check is published here. After a
 * failure nothing stays in AWS.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AwsClients } from '../tools/aws-clients.ts';
import type { Terminal } from '../tools/terminal.ts';
import { ansiblePrograms } from './ansible.ts';
import { BakeError, bakeErrorOf } from './errors.ts';
import { compileAgent } from './executable.ts';
import { checkImage, demandTokens, imageIn, OUTPUT, publish, supportTokensOnly } from './image.ts';
import { type Left, leftovers, removeLeftovers, type Traces } from './leftovers.ts';
import { ansiblePlaybook, checkSshClient } from './local-tools.ts';
import { type Ec2Access, lookAt } from './look.ts';
import type { BakeOptions } from './options.ts';
import { packerBuild } from './packer-build.ts';
import type { PackerEvent } from './packer-output.ts';
import { findPacker, initialise, type PackerProgram, validate } from './packer-program.ts';
import {
  type AnsibleParts,
  ansibleVariables,
  type BakeFacts,
  bakeIdOf,
  type Endpoint,
  imageNameOf,
  packerVariables,
} from './plan.ts';
import { projectVersion } from './project-version.ts';
import { checkedArchive, mustBeFile } from './zookeeper-archive.ts';

const WORK = fileURLToPath(new URL('../.cache/bake', import.meta.url));
const KEPT_LOGS = 10;
/** The limit for removing the traces of a failed bake. The removal goes on after Ctrl-C. */
const REMOVAL_LIMIT_MS = 600_000;

export interface BakeContext {
  readonly aws: AwsClients;
  readonly region: string;
  readonly endpoint?: Endpoint;
  readonly profile?: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** The directory for the image's id and the manifest; `dist` of the checkout when left out. */
  readonly output?: string;
  /** The directory for logs and Packer's input files; in the project's cache when left out. */
  readonly work?: string;
}

export interface BakeResult {
  readonly action: 'baked' | 'would bake';
  readonly imageName: string;
  readonly imageId?: string;
}

/** The programs and files that a bake makes or fetches on this machine. */
export interface Tools {
  readonly compileAgent: typeof compileAgent;
  readonly ansiblePrograms: typeof ansiblePrograms;
}

const TOOLS: Tools = { compileAgent, ansiblePrograms };

/** Rejects with BakeError. A failed call to AWS rejects with DeployError. */
export async function bake(options: BakeOptions, context: BakeContext, tools: Tools = TOOLS): Promise<BakeResult> {
  const plan = await prepared(options, context, tools);
  try {
    if (options.dryRun) {
      context.terminal.line('All is well; nothing was launched (--dry-run).');
      return { action: 'would bake', imageName: plan.traces.imageName };
    }
    const imageId = await baked(plan, context);
    return { action: 'baked', imageName: plan.traces.imageName, imageId };
  } finally {
    await rm(plan.directory, { recursive: true, force: true });
  }
}

interface Plan {
  readonly packer: PackerProgram;
  /** A directory for this run alone. */
  readonly directory: string;
  readonly variablesFile: string;
  readonly manifestFile: string;
  readonly traces: Traces;
}

async function prepared(options: BakeOptions, context: BakeContext, tools: Tools): Promise<Plan> {
  const { terminal, signal, aws, region, endpoint } = context;
  const packer = await findPacker(options.packer, terminal, signal);
  await checkSshClient(signal);
  terminal.progress('Looking at the archive');
  const archive = await checkedArchive(options.archive, options.archiveDigest, signal);
  if (options.cloudWatchAgent !== undefined) await mustBeFile(options.cloudWatchAgent, '--cloudwatch-agent');
  terminal.progress('Looking at AWS');
  const { rootDevice } = await lookAt({ ec2: aws.ec2, signal }, options);
  terminal.progress();
  const playbook = await ansiblePlaybook(tools.ansiblePrograms, terminal, signal);
  await initialise(packer, terminal, signal);
  const atMs = Date.now();
  const bakeId = bakeIdOf(atMs, randomBytes(3).toString('hex'));
  const directory = join(context.work ?? WORK, bakeId);
  const [manifestFile, variablesFile] = [join(directory, 'manifest.json'), join(directory, 'variables.json')];
  await mkdir(directory, { recursive: true });
  try {
    const agent = await tools.compileAgent(options.architecture, terminal, signal, join(directory, 'zk-agent'));
    const facts: BakeFacts = {
      bakeId,
      atMs,
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      version: options.version ?? (await projectVersion()),
      agent,
      ansiblePlaybook: playbook,
      ansibleVariablesFile: join(directory, 'ansible-variables.json'),
      manifestFile,
      ...(rootDevice === undefined ? {} : { rootDevice }),
    };
    const parts = { executable: agent.executable, archive, ...cloudWatchAgentOf(options) };
    await writeFile(facts.ansibleVariablesFile, JSON.stringify(ansibleVariables(parts)));
    await writeFile(variablesFile, JSON.stringify(packerVariables(options, facts)));
    await validate(packer, variablesFile, signal);
    const traces = { bakeId, imageName: imageNameOf(facts, options) };
    return { packer, directory, variablesFile, manifestFile, traces };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

function cloudWatchAgentOf({ cloudWatchAgent }: BakeOptions): Pick<AnsibleParts, 'cloudWatchAgent'> {
  return cloudWatchAgent === undefined ? {} : { cloudWatchAgent: resolve(cloudWatchAgent) };
}

async function baked(plan: Plan, context: BakeContext): Promise<string> {
  const { terminal, signal, aws, profile, region, endpoint } = context;
  const { packer, traces } = plan;
  const access: Ec2Access = { ec2: aws.ec2, signal };
  const logFile = `${plan.directory}.log`;
  await removeOldLogs(dirname(logFile));
  terminal.line(`Baking ${traces.imageName} with Packer ${packer.version}.`);
  // For Packer's keys, and the sockets of Packer and Ansible. A killed process leaves them behind. Socket paths must be
  // short.
  const scratch = await mkdtemp(join(tmpdir(), 'zk-bake-'));
  let securityGroup: string | undefined;
  const demand = packer.edition === 'packer-1.6' ? tokenDemand(access) : async () => {};
  try {
    await packerBuild({
      packer,
      variablesFile: plan.variablesFile,
      logFile,
      environment: {
        AWS_REGION: region,
        TMPDIR: scratch,
        ANSIBLE_SSH_CONTROL_PATH_DIR: scratch,
        ...(profile === undefined ? {} : { AWS_PROFILE: profile }),
        // Some steps of the plugin (1.8) make their own clients, which ignore the template's endpoint.
        ...(endpoint === undefined ? {} : { AWS_ENDPOINT_URL_EC2: endpoint.url }),
      },
      terminal,
      signal,
      onEvent: async (event) => {
        securityGroup ??= /temporary security group for this instance: (\S+)/.exec(event.text)?.[1];
        await demand(event);
      },
    });
    const imageId = await imageIn(plan.manifestFile);
    if (packer.edition === 'packer-1.6') await supportTokensOnly(access, imageId);
    await checkImage(access, imageId);
    await publish(imageId, plan.manifestFile, context.output ?? OUTPUT);
    return imageId;
  } catch (error) {
    throw await cleaned(error, context, { ...traces, ...(securityGroup === undefined ? {} : { securityGroup }) });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The names of the logs tell their age. */
async function removeOldLogs(work: string): Promise<void> {
  const logs = (await readdir(work)).filter((name) => /^zk-bake-.*\.log$/.test(name)).sort();
  for (const name of logs.slice(0, Math.max(0, logs.length - KEPT_LOGS + 1))) {
    await rm(join(work, name), { force: true });
  }
}

/** Requires IMDSv2 on the instance as soon as it runs, which is before Packer logs in. */
function tokenDemand(access: Ec2Access): (event: PackerEvent) => Promise<void> {
  let instance: string | undefined;
  let demanded = false;
  return async ({ text }) => {
    instance ??= /^Instance ID: (i-[0-9a-f]+)$/.exec(text)?.[1];
    if (demanded || instance === undefined || !/^(Using ssh communicator|Waiting for SSH)/.test(text)) return;
    demanded = true;
    await demandTokens(access, instance);
  };
}

/** Removes what the bake left in AWS, then returns the bake's error. If something remains, returns another error. */
async function cleaned(error: unknown, { aws, terminal }: BakeContext, traces: Traces): Promise<BakeError> {
  const failure = bakeErrorOf(error);
  const access: Ec2Access = { ec2: aws.ec2, signal: AbortSignal.timeout(REMOVAL_LIMIT_MS) };
  try {
    const found = await leftovers(access, traces);
    if (found.length === 0) return failure;
    terminal.line(`Packer left ${named(found)}; removing that.`);
    const left = await removeLeftovers(access, traces);
    return left.length === 0 ? failure : remaining(failure, `${named(left)} could not be removed`);
  } catch (removal) {
    const tags = `the tag bake=${traces.bakeId}, the key pair ${traces.bakeId}, the image ${traces.imageName}`;
    return remaining(
      failure,
      `what is left of it could not be removed (${bakeErrorOf(removal).message}); look for ${tags}`,
    );
  }
}

function remaining(failure: BakeError, what: string): BakeError {
  const next = `Remove it by hand, then: ${failure.next}`;
  return new BakeError('LEFTOVERS_REMAIN', `${failure.message}\nAnd ${what}.`, next, failure);
}

function named(left: readonly Left[]): string {
  return left.map(({ kind, id }) => `the ${kind} ${id}`).join(', ');
}
