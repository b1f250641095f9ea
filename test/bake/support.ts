// SPDX-License-Identifier: Apache-2.0
/** An account to bake in, and bakes with parts that stand in for what takes minutes. */
import { chmod, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  type Image,
} from '@aws-sdk/client-ec2';
import { type BakeContext, type BakeResult, bake, type Tools } from '../../bake/bake.ts';
import { readOrder } from '../../bake/options.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import { LocalAws } from '../cloud/local-aws.ts';
import { clientsOf } from '../deploy/support/account.ts';
import { type ScriptTerminal, scriptTerminal } from '../support/script-terminal.ts';

/** The SHA-512 of nothing. */
export const EMPTY_SHA512 =
  'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e';

const TOOLS: Tools = {
  compileAgent: async () => ({ executable: '/nowhere', version: '0.1.0', answer: 'zk-agent 0.1.0', commit: 'abc' }),
  ansiblePrograms: async () => ({ playbook: '/nowhere/ansible-playbook', lint: '/nowhere/ansible-lint' }),
};

/** A program that behaves so when it is run as Packer (fake-packer.ts). */
export async function fakePacker(directory: string, behaviour: string): Promise<string> {
  const program = join(directory, `packer ${behaviour}`);
  const key = 'AWS_ACCESS_KEY_ID=AKIADEPLOYDEPLOYER AWS_SECRET_ACCESS_KEY=not-checked';
  const words = [process.execPath, resolve(import.meta.dirname, 'fake-packer.ts'), behaviour];
  const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  await writeFile(program, `#!/bin/sh\n${key} exec ${quoted} "$@"\n`);
  await chmod(program, 0o755);
  return program;
}

/** Whatever a bake makes that costs money or lets somebody in. */
export async function whatCosts(ec2: EC2Client): Promise<readonly string[]> {
  const states = ['pending', 'running', 'stopping', 'stopped'];
  const Filters = [{ Name: 'instance-state-name', Values: states }];
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters }));
  const { KeyPairs = [] } = await ec2.send(new DescribeKeyPairsCommand({}));
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  return [
    ...Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId ?? '')),
    ...KeyPairs.map(({ KeyName }) => KeyName ?? ''),
    ...SecurityGroups.map(({ GroupId }) => GroupId ?? ''),
    ...Images.map(({ ImageId }) => ImageId ?? ''),
    ...Snapshots.map(({ SnapshotId }) => SnapshotId ?? ''),
  ].sort();
}

export class Bakery implements AsyncDisposable {
  readonly local: LocalAws;
  readonly aws: AwsClients;
  readonly subnet: string;
  readonly sourceImage: string;
  /** Temporary; the id and the manifest go there. */
  readonly directory: string;

  private constructor(parts: Pick<Bakery, 'local' | 'aws' | 'subnet' | 'sourceImage' | 'directory'>) {
    this.local = parts.local;
    this.aws = parts.aws;
    this.subnet = parts.subnet;
    this.sourceImage = parts.sourceImage;
    this.directory = parts.directory;
  }

  /** `policy` is all that the person may do who bakes. */
  static async open(directory: string, policy: unknown): Promise<Bakery> {
    const local = await LocalAws.start({ deployerPolicy: policy, roleDelayMs: () => 0 });
    const [subnet = ''] = await local.subnets();
    const sourceImage = await local.image();
    await writeFile(join(directory, 'archive.tar.gz'), '');
    return new Bakery({ local, aws: clientsOf(local, 'deployer'), subnet, sourceImage, directory });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.aws[Symbol.dispose]();
    await this.local.close();
  }

  /** Bakes with this program as Packer. */
  async bake(
    packer: string,
    more: readonly string[] = [],
    signal = new AbortController().signal,
    place: readonly string[] = ['--subnet', this.subnet, '--ssh-interface', 'private_ip'],
  ) {
    const terminal = scriptTerminal();
    const words = [
      ...['--packer', packer, '--ami', this.sourceImage, ...place],
      ...['--zookeeper-archive', join(this.directory, 'archive.tar.gz'), '--zookeeper-sha512', EMPTY_SHA512],
      ...['--volumesize', '15', '--poll-seconds', '1', ...more],
    ];
    const order = readOrder(words, () => {});
    if (order.kind !== 'bake') throw new Error(`this is no bake: ${words.join(' ')}`);
    const { url, region } = this.local.cloud;
    const endpoint = { url, ofOtherCloud: true };
    const output = this.directory;
    const context: BakeContext = { aws: this.aws, region, endpoint, terminal, signal, output, work: output };
    return { terminal, done: bake(order, context, TOOLS) } satisfies {
      terminal: ScriptTerminal;
      done: Promise<BakeResult>;
    };
  }

  fake(behaviour: string): Promise<string> {
    return fakePacker(this.directory, behaviour);
  }

  async image(id: string | undefined): Promise<Image | undefined> {
    const { ec2 } = this.local.operator;
    const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
    return Images.find(({ ImageId }) => ImageId === id);
  }
}
