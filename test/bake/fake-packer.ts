// SPDX-License-Identifier: Apache-2.0
/**
 * Stands in for Packer where it has to misbehave on purpose, and makes in AWS what Packer makes. Called with the
 * behaviour before Packer's own arguments, by the start script of support.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateImageCommand,
  CreateKeyPairCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2Client,
  type Instance,
  type ResourceType,
  RunInstancesCommand,
  StopInstancesCommand,
  type TagSpecification,
} from '@aws-sdk/client-ec2';

const [behaviour = '', command = '', ...words] = process.argv.slice(2);
const PREFIX = '==> amazon-ebs.zookeeper: ';

function event(channel: 'say' | 'message' | 'error', text: string): void {
  const data = text.replaceAll(',', '%!(PACKER_COMMA)').replaceAll('\n', '\\n');
  process.stdout.write(`1795287206,,ui,${channel},${data}\n`);
}
const say = (text: string) => event('say', `${PREFIX}${text}`);
const output = (text: string) => event('message', `    amazon-ebs.zookeeper: ${text}`);
const error = (text: string) => event('error', `${PREFIX}${text}`);

function errored(text: string): void {
  event('error', `Build 'amazon-ebs.zookeeper' errored after 1 minute 2 seconds: ${text}`);
  event('error', "\n==> Some builds didn't complete successfully and had errors:");
  event('error', `--> amazon-ebs.zookeeper: ${text}`);
  process.exitCode = 1;
}

interface Variables {
  readonly region: string;
  readonly bake_id: string;
  readonly image_name: string;
  readonly manifest_file: string;
  readonly subnet_id?: string;
  readonly ssh_interface: 'public_ip' | 'private_ip';
  readonly source_ami: string;
  readonly endpoint: string;
}

const variablesFile = words.find((word) => word.startsWith('-var-file='))?.slice('-var-file='.length);
const variables = JSON.parse(variablesFile === undefined ? '{}' : readFileSync(variablesFile, 'utf8')) as Variables;

interface Ways {
  readonly encrypted: boolean;
  /** What besides instance and volume is tagged while it is made: nothing with Packer 1.6, these with plugin 1.8. */
  readonly alsoTagged: readonly ('key-pair' | 'security-group' | 'network-interface' | 'image' | 'snapshot')[];
}
const AS_1_6: Ways = { encrypted: true, alsoTagged: [] };
const AS_PLUGIN_1_8: Ways = {
  encrypted: true,
  alsoTagged: ['key-pair', 'security-group', 'network-interface', 'image', 'snapshot'],
};

/** Some steps of plugin 1.8 make a client of their own, which knows of an endpoint only what the environment says. */
function clientOfAStep(): EC2Client {
  const endpoint = process.env.AWS_ENDPOINT_URL_EC2;
  if (endpoint === undefined) throw new Error('This step would ask AWS itself.');
  return new EC2Client({ region: variables.region, endpoint });
}

const bakeTags = () => [{ Key: 'bake', Value: variables.bake_id }];

function specifications(kinds: readonly ResourceType[], { alsoTagged }: Ways): readonly TagSpecification[] {
  const tagged: readonly string[] = ['instance', 'volume', ...alsoTagged];
  return kinds.filter((kind) => tagged.includes(kind)).map((ResourceType) => ({ ResourceType, Tags: bakeTags() }));
}

/**
 * Where plugin 1.8 launches. It takes a `false` for a public address for an order, even where no subnet is named, and
 * then looks for a subnet itself.
 */
async function placeOf(ec2: EC2Client) {
  const associate = publicAddressIn(variables);
  const given = variables.subnet_id ?? '';
  if (given !== '') return { SubnetId: given, associate };
  if (associate === null) return { SubnetId: undefined, associate };
  const isDefault = [{ Name: 'is-default', Values: ['true'] }];
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({ Filters: isDefault }));
  const inVpc = [{ Name: 'vpc-id', Values: Vpcs.map(({ VpcId }) => VpcId ?? '') }];
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters: inVpc }));
  return { SubnetId: Subnets[0]?.SubnetId ?? '', associate };
}

/** What our source for current versions says. Its expression means the same in JavaScript. */
function publicAddressIn(all: Variables): boolean | null {
  const source = readFileSync(resolve(import.meta.dirname, '../../ami/current/source.pkr.hcl'), 'utf8');
  const expression = /^ {2}associate_public_ip_address +=(.*)$/m.exec(source)?.[1];
  const value: unknown = new Function('var_', `return ${expression?.replaceAll('var.', 'var_.')}`)({
    ...all,
    subnet_id: all.subnet_id ?? '',
  });
  if (typeof value !== 'boolean' && value !== null) throw new Error(`"${expression}" is ${value}`);
  return value;
}

/** Key pair, security group and instance, as Packer makes them. */
async function launch(ec2: EC2Client, ways: Ways): Promise<string> {
  const tags = (...kinds: readonly ResourceType[]) => ({ TagSpecifications: [...specifications(kinds, ways)] });
  await ec2.send(new CreateKeyPairCommand({ KeyName: variables.bake_id, ...tags('key-pair') }));
  const GroupName = `packer_of_${variables.bake_id}`;
  say(`Creating temporary security group for this instance: ${GroupName}`);
  const { SubnetId, associate } = await placeOf(ec2);
  const { Subnets = [] } =
    SubnetId === undefined ? {} : await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [SubnetId] }));
  const inVpc = SubnetId === undefined ? {} : { VpcId: Subnets[0]?.VpcId ?? '' };
  const { GroupId = '' } = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName, Description: 'for Packer', ...inVpc, ...tags('security-group') }),
  );
  const card = { DeviceIndex: 0, SubnetId, Groups: [GroupId], DeleteOnTermination: true };
  const network =
    SubnetId === undefined
      ? { SecurityGroupIds: [GroupId] }
      : { NetworkInterfaces: [{ ...card, ...(associate === null ? {} : { AssociatePublicIpAddress: associate }) }] };
  const Ebs = { Encrypted: ways.encrypted, VolumeSize: 8, VolumeType: 'gp3' } as const;
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      ImageId: variables.source_ami,
      InstanceType: 't3.small',
      MinCount: 1,
      MaxCount: 1,
      KeyName: variables.bake_id,
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs }],
      ...network,
      ...tags('instance', 'network-interface', 'volume'),
    }),
  );
  const id = Instances[0]?.InstanceId ?? '';
  output(`Instance ID: ${id}`);
  const { PublicIpAddress, PrivateIpAddress } = await until(ec2, id, 'running');
  const address = variables.ssh_interface === 'public_ip' ? PublicIpAddress : PrivateIpAddress;
  // Packer's next step fails; for the tests that is all the same.
  if (address === undefined) throw new Error(`${id} has no address at which it could be reached.`);
  say(`Using ssh communicator to connect: ${address}`);
  return id;
}

async function until(ec2: EC2Client, id: string, state: string): Promise<Instance> {
  for (let looks = 0; looks < 400; looks += 1) {
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    const instance = Reservations[0]?.Instances?.[0];
    if (instance?.State?.Name === state) return instance;
    await sleep(50);
  }
  throw new Error(`${id} is not ${state}`);
}

async function image(ec2: EC2Client, ways = AS_1_6): Promise<string> {
  const instance = await launch(ec2, ways);
  say('Stopping the source instance...');
  await ec2.send(new StopInstancesCommand({ InstanceIds: [instance] }));
  await until(ec2, instance, 'stopped');
  const Name = variables.image_name;
  const TagSpecifications = [...specifications(['image', 'snapshot'], ways)];
  const { ImageId = '' } = await ec2.send(new CreateImageCommand({ InstanceId: instance, Name, TagSpecifications }));
  return ImageId;
}

const BEHAVIOURS: Readonly<Record<string, (ec2: EC2Client) => Promise<void>>> = {
  'makes an image': async (ec2) => finish(ec2, await image(ec2)),
  'makes an open image': async (ec2) => finish(ec2, await image(ec2, { ...AS_1_6, encrypted: false })),
  'does what plugin 1.8 does': async (ec2) => finish(clientOfAStep(), await image(ec2, AS_PLUGIN_1_8)),
  'names no image': async () => say('Wait completed after 3 minutes'),
  'may not launch': async () => {
    error(
      'Error launching source instance: UnauthorizedOperation: You are not authorized to perform this operation.\n\tstatus code: 403, request id: 1',
    );
    error('Error deleting something else');
    errored('Error deleting something else');
  },
  'finds no image': async () => errored('No AMI was found matching filters: {\n  Filters: []\n}'),
  'fails in ansible': async () => {
    say('Provisioning with Ansible...');
    output('TASK [zookeeper : Fetch the archive] ******');
    error('[WARNING]: something that is not the cause');
    const msg = 'The checksum for /tmp/x did not match 00;\nit was 11.';
    output(`fatal: [default]: FAILED! => ${JSON.stringify({ changed: false, msg })}`);
    output('PLAY RECAP ******');
    errored('Error executing Ansible: Non-zero exit status: exit status 2');
  },
  'is on another system': async () => {
    say('Provisioning with Ansible...');
    output('TASK [Refuse what the roles are not made for] ******');
    const msg =
      'default runs Ubuntu 24.04 on x86_64 with systemd. Give an instance of Debian 12 or 13 on x86_64 or arm64, booted with systemd.';
    output(`fatal: [default]: FAILED! => ${JSON.stringify({ changed: false, msg })}`);
    errored('Error executing Ansible: Non-zero exit status: exit status 2');
  },
  'runs full': async () => {
    say('Provisioning with Ansible...');
    output('TASK [base : Install packages] ******');
    const msg = 'Failed to write: [Errno 28] No space left on device';
    output(`fatal: [default]: FAILED! => ${JSON.stringify({ msg })}`);
    errored('Error executing Ansible: Non-zero exit status: exit status 2');
  },
  'has no room for packages': async () => {
    say('Provisioning with Ansible...');
    output('TASK [base : Install packages] ******');
    const msg =
      "'/usr/bin/apt-get -y install' failed: E: You don't have enough free space in /var/cache/apt/archives/.";
    output(`fatal: [default]: FAILED! => ${JSON.stringify({ msg })}`);
    errored('Error executing Ansible: Non-zero exit status: exit status 2');
  },
  'fails in a script': async () => {
    say('Provisioning with shell script: /checkout/ami/scripts/wait-for-boot.sh');
    error('nothing of interest');
    say('Provisioning with shell script: /checkout/ami/scripts/check-image.sh');
    error('The image is not right: zk-bootstrap.service is disabled');
    say('Provisioning step had errors: Running the cleanup provisioner, if present...');
    errored('Script exited with non-zero exit status: 1. Allowed exit codes are: [0]');
  },
  'cleans up when told to end': async () => {
    const told = new Promise((resolve) => process.once('SIGINT', resolve));
    say('Provisioning with Ansible...');
    const alive = setInterval(() => {}, 1_000);
    await told;
    clearInterval(alive);
    say('Cleaning up');
    errored('Build was cancelled.');
  },
  'does not end': async () => {
    process.on('SIGINT', () => say('Ignored'));
    say('Provisioning with Ansible...');
    await new Promise(() => setInterval(() => {}, 1_000));
  },
  'is killed with everything there': async (ec2) => {
    await image(ec2);
    process.kill(process.pid, 'SIGKILL');
  },
};

async function finish(ec2: EC2Client, id: string): Promise<void> {
  await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: bakeTags() }));
  const build = { name: 'zookeeper', builder_type: 'amazon-ebs', artifact_id: `${variables.region}:${id}` };
  writeFileSync(variables.manifest_file, JSON.stringify({ builds: [build] }));
}

if (command === 'version') process.stdout.write('Packer v1.6.6\n');
if (command === 'build') {
  const ec2 = new EC2Client({ region: variables.region, endpoint: variables.endpoint });
  await BEHAVIOURS[behaviour]?.(ec2);
  ec2.destroy();
}
