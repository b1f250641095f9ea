// SPDX-License-Identifier: Apache-2.0
/**
 * A local AWS for one test file, with the AWS SDK's own clients on them:
 *
 *     const aws = await LocalAws.start();
 *     after(() => aws.close());
 *     await aws.as('operator').ec2.send(new DescribeInstancesCommand({}));
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateLaunchTemplateCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeInstancesCommand,
  EC2Client,
  RegisterImageCommand,
  type RequestLaunchTemplateData,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { Route53Client } from '@aws-sdk/client-route-53';
import { S3Client } from '@aws-sdk/client-s3';
import { type Cloud, type CloudOptions, startCloud } from '../../cloud/index.ts';

export interface Clients {
  readonly ec2: EC2Client;
  readonly autoScaling: AutoScalingClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
  readonly route53: Route53Client;
}

export class LocalAws {
  readonly cloud: Cloud;
  readonly #clients = new Map<string, Clients>();
  #image: Promise<string> | undefined;
  #names = 0;

  constructor(cloud: Cloud) {
    this.cloud = cloud;
  }

  static async start(options: CloudOptions = {}): Promise<LocalAws> {
    const address = `127.254.${1 + Math.floor(Math.random() * 250)}.${1 + Math.floor(Math.random() * 250)}`;
    return new LocalAws(await startCloud({ address, checkAnswers: true, ...options }));
  }

  async close(): Promise<void> {
    for (const clients of this.#clients.values()) for (const client of Object.values(clients)) client.destroy();
    await this.cloud.close();
  }

  /** Clients whose calls the cloud counts to this caller. They try once only, so that every refusal is seen. */
  as(caller: string): Clients {
    const known = this.#clients.get(caller);
    if (known !== undefined) return known;
    const accessKeyId = `AKIA${caller.replace(/\W/g, '').toUpperCase()}`;
    this.cloud.registerCaller(accessKeyId, caller);
    const clients = this.withKey(accessKeyId);
    this.#clients.set(caller, clients);
    return clients;
  }

  withKey(accessKeyId: string): Clients {
    const config = {
      endpoint: this.cloud.url,
      region: this.cloud.region,
      credentials: { accessKeyId, secretAccessKey: 'not-checked' },
      maxAttempts: 1,
    };
    return {
      ec2: new EC2Client(config),
      autoScaling: new AutoScalingClient(config),
      logs: new CloudWatchLogsClient(config),
      s3: new S3Client({ ...config, forcePathStyle: true }),
      route53: new Route53Client(config),
    };
  }

  get operator(): Clients {
    return this.as('operator');
  }

  name(prefix: string): string {
    this.#names += 1;
    return `${prefix}-${this.#names}`;
  }

  /** Three subnets in three zones, inside 127.0.0.0/8. */
  async subnets(): Promise<readonly string[]> {
    const { ec2 } = this.operator;
    const vpc = await ec2.send(new CreateVpcCommand({ CidrBlock: '127.30.0.0/16' }));
    const zones = ['a', 'b', 'c'];
    const made = zones.map((zone, at) =>
      ec2.send(
        new CreateSubnetCommand({
          VpcId: vpc.Vpc?.VpcId ?? '',
          CidrBlock: `127.30.${at}.0/24`,
          AvailabilityZone: `${this.cloud.region}${zone}`,
        }),
      ),
    );
    return (await Promise.all(made)).map(({ Subnet }) => Subnet?.SubnetId ?? '');
  }

  /** Everything runs from one image, as EC2 refuses an unknown one. */
  image(): Promise<string> {
    const register = new RegisterImageCommand({ Name: 'test', Architecture: 'x86_64', RootDeviceName: '/dev/sda1' });
    this.#image ??= this.operator.ec2.send(register).then(({ ImageId }) => ImageId ?? '');
    return this.#image;
  }

  async run(subnet: string, tags: Readonly<Record<string, string>> = { role: 'test' }): Promise<string> {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const { Instances = [] } = await this.operator.ec2.send(
      new RunInstancesCommand({
        ImageId: await this.image(),
        InstanceType: 't3.small',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: subnet,
        TagSpecifications: [{ ResourceType: 'instance', Tags }],
      }),
    );
    return Instances[0]?.InstanceId ?? '';
  }

  async launchTemplate(data: RequestLaunchTemplateData = {}): Promise<string> {
    const LaunchTemplateName = this.name('template');
    const LaunchTemplateData = { ImageId: await this.image(), InstanceType: 't3.small' as const, ...data };
    await this.operator.ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData }));
    return LaunchTemplateName;
  }

  /** A group over these subnets, with its instances in service when it resolves. */
  async group(subnets: readonly string[], size: number, options: { template?: string; max?: number } = {}) {
    const AutoScalingGroupName = this.name('group');
    const LaunchTemplateName = options.template ?? (await this.launchTemplate());
    await this.operator.autoScaling.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName,
        LaunchTemplate: { LaunchTemplateName, Version: '$Latest' },
        VPCZoneIdentifier: subnets.join(','),
        MinSize: 0,
        MaxSize: options.max ?? 7,
        DesiredCapacity: size,
        Tags: [
          { Key: 'zookeeper_cluster', Value: AutoScalingGroupName, PropagateAtLaunch: true },
          { Key: 'only_on_the_group', Value: 'x', PropagateAtLaunch: false },
        ],
      }),
    );
    await this.inService(AutoScalingGroupName, size);
    return AutoScalingGroupName;
  }

  async members(group: string) {
    const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] });
    const { AutoScalingGroups = [] } = await this.operator.autoScaling.send(command);
    return AutoScalingGroups[0]?.Instances ?? [];
  }

  /** Waits until the group has exactly so many instances, all of them in service. */
  async inService(group: string, size: number): Promise<readonly string[]> {
    let ids: readonly string[] = [];
    await waitFor(`${size} instances of ${group} in service`, async () => {
      const members = await this.members(group);
      ids = members.map(({ InstanceId }) => InstanceId ?? '');
      return members.length === size && members.every(({ LifecycleState }) => LifecycleState === 'InService');
    });
    return ids;
  }

  /** What this caller sees of one instance, asked for by filter; undefined when it does not see it. */
  async seen(instance: string, caller = 'operator') {
    const Filters = [{ Name: 'instance-id', Values: [instance] }];
    const { Reservations = [] } = await this.as(caller).ec2.send(new DescribeInstancesCommand({ Filters }));
    return Reservations[0]?.Instances?.[0];
  }

  async state(instance: string): Promise<string | undefined> {
    return (await this.seen(instance))?.State?.Name;
  }
}

export async function waitFor(what: string, condition: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  const limitAt = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > limitAt) throw new Error(`waited ${limitMs / 1_000} s in vain for: ${what}`);
    await sleep(20);
  }
}

/** The call fails with this error of AWS. */
export async function refused(call: Promise<unknown>, code: string, message?: RegExp): Promise<void> {
  await assert.rejects(call, (error: Error) => {
    assert.equal(error.name, code, `${error.name}: ${error.message}`);
    if (message !== undefined) assert.match(error.message, message);
    return true;
  });
}
