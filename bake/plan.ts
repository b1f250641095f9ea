// SPDX-License-Identifier: Apache-2.0
/** All input of Packer and Ansible, as data. */

import type { CompiledAgent } from './executable.ts';
import { type BakeOptions, ZOOKEEPER_VERSION } from './options.ts';
import type { Archive } from './zookeeper-archive.ts';

/** The address of EC2, when it is not the region's own. */
export interface Endpoint {
  readonly url: string;
  /** The endpoint is not AWS but another cloud, such as the lab's. */
  readonly ofOtherCloud: boolean;
}

export interface BakeFacts {
  readonly bakeId: string;
  /** The time in the image's name. */
  readonly atMs: number;
  readonly region: string;
  readonly endpoint?: Endpoint;
  readonly version: string;
  readonly agent: CompiledAgent;
  readonly ansiblePlaybook: string;
  readonly ansibleVariablesFile: string;
  readonly manifestFile: string;
  readonly rootDevice?: string;
}

const OF_AWS = /\.amazonaws\.com(\.cn)?$/;

/** Undefined when no endpoint is set. */
export function endpointOf(environment: NodeJS.ProcessEnv): Endpoint | undefined {
  const url = environment.AWS_ENDPOINT_URL_EC2 || environment.AWS_ENDPOINT_URL;
  if (!url) return undefined;
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return { url, ofOtherCloud: !OF_AWS.test(host) };
}

/** `zk-bake-20260102T030405-a1b2c3` */
export function bakeIdOf(atMs: number, random: string): string {
  return `zk-bake-${compact(atMs)}-${random}`;
}

/** Unique in an account, as EC2 requires; at most 128 characters. */
export function imageNameOf({ version, atMs }: Pick<BakeFacts, 'version' | 'atMs'>, options: BakeOptions): string {
  const { debian, architecture } = options;
  return `zookeeper-${ZOOKEEPER_VERSION}-${version}-debian-${debian}-${architecture}-${compact(atMs)}`;
}

function compact(atMs: number): string {
  return new Date(atMs).toISOString().replaceAll(/[-:]|\.\d+Z$/g, '');
}

/** The variables of ami/variables.pkr.hcl. A variable that is left out has its default there. */
export function packerVariables(options: BakeOptions, facts: BakeFacts): Readonly<Record<string, unknown>> {
  const given = {
    source_ami: options.sourceImage,
    root_device: facts.rootDevice,
    kms_key_id: options.kmsKey,
    iam_instance_profile: options.instanceProfile,
    subnet_id: options.subnet,
    endpoint: facts.endpoint?.url,
    other_cloud: facts.endpoint?.ofOtherCloud,
  };
  return {
    region: facts.region,
    architecture: options.architecture,
    debian: options.debian,
    volume_size_gib: options.volumeGib,
    instance_type: options.instanceType,
    ssh_interface: options.sshInterface,
    ssh_source_cidrs: options.sshSources,
    ssh_username: options.sshUser,
    poll_seconds: options.pollSeconds,
    image_name: imageNameOf(facts, options),
    bake_id: facts.bakeId,
    version: facts.version,
    zookeeper_version: ZOOKEEPER_VERSION,
    agent_version: facts.agent.version,
    agent_answer: facts.agent.answer,
    commit: facts.agent.commit,
    ansible_playbook: facts.ansiblePlaybook,
    ansible_variables_file: facts.ansibleVariablesFile,
    manifest_file: facts.manifestFile,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

export interface AnsibleParts {
  /** Absolute paths on this machine. */
  readonly executable: string;
  readonly archive: Archive;
  readonly cloudWatchAgent?: string;
}

/** The variables of ansible/playbook.yml, in the form of the argument specifications of its roles. */
export function ansibleVariables({
  executable,
  archive,
  cloudWatchAgent,
}: AnsibleParts): Readonly<Record<string, string>> {
  return {
    agent_executable: executable,
    zookeeper_archive: archive.from,
    zookeeper_archive_sha512: archive.sha512,
    ...(cloudWatchAgent === undefined ? {} : { logs_package: cloudWatchAgent }),
  };
}
