// SPDX-License-Identifier: Apache-2.0
/** What an account has before anything is deployed: a network, a key pair, an image; and clients for who deploys. */
import { CreateKeyPairCommand, CreateSubnetCommand, CreateVpcCommand, RegisterImageCommand } from '@aws-sdk/client-ec2';
import { templateOptions } from '../../../cf/options.ts';
import type { DeployContext } from '../../../deploy/context.ts';
import type { DeployOptions } from '../../../deploy/deploy.ts';
import { giveWayOut as letOut } from '../../../lab/account.ts';
import { type AwsClients, awsClients } from '../../../tools/aws-clients.ts';
import type { LocalAws } from '../../cloud/local-aws.ts';
import { type ScriptTerminal, scriptTerminal } from '../../support/script-terminal.ts';

export interface TestAccount {
  readonly vpcId: string;
  /** In three zones. */
  readonly subnets: readonly string[];
  /** In the zone of the first one. */
  readonly fourthSubnet: string;
  readonly imageId: string;
  readonly keyName: string;
}

export async function makeAccount(aws: LocalAws): Promise<TestAccount> {
  const { ec2 } = aws.operator;
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '127.40.0.0/16' }));
  const VpcId = Vpc?.VpcId ?? '';
  const subnets: string[] = [];
  for (const [at, zone] of ['a', 'b', 'c', 'a'].entries()) {
    const { Subnet } = await ec2.send(
      new CreateSubnetCommand({
        VpcId,
        CidrBlock: `127.40.${at}.0/24`,
        AvailabilityZone: `${aws.cloud.region}${zone}`,
      }),
    );
    subnets.push(Subnet?.SubnetId ?? '');
  }
  const keyName = aws.name('key');
  await ec2.send(new CreateKeyPairCommand({ KeyName: keyName }));
  const imageId = await makeImage(aws);
  return { vpcId: VpcId, subnets: subnets.slice(0, 3), fourthSubnet: subnets[3] ?? '', imageId, keyName };
}

/** Of x86_64, the only architecture that moto registers. */
export async function makeImage(aws: LocalAws, RootDeviceName = '/dev/xvda'): Promise<string> {
  const register = new RegisterImageCommand({ Name: aws.name('image'), Architecture: 'x86_64', RootDeviceName });
  return (await aws.operator.ec2.send(register)).ImageId ?? '';
}

/** A NAT gateway, as private subnets have one. */
export function giveWayOut(aws: LocalAws, { vpcId, subnets }: TestAccount): Promise<void> {
  return letOut(aws.operator, { vpc: vpcId, subnets });
}

/** Options as the command line would give them, for this account. */
export function optionsFor(
  account: TestAccount,
  stackname: string,
  answers: Readonly<Record<string, unknown>> = {},
): DeployOptions {
  const { vpcId: vpcid, subnets, imageId: ami } = account;
  const template = templateOptions({ stackname, vpcid, subnets: [...subnets], ami, ...answers });
  return { template, dryRun: false, yes: false, lint: false };
}

export interface Deployer extends DeployContext {
  readonly terminal: ScriptTerminal;
}

const FAST = { pollMs: 50, changeSetMs: 20_000, operationMs: 60_000 };

/** `answers` are those to the questions; without them there is nobody to ask. */
export function deployer(
  aws: AwsClients,
  answers?: readonly string[],
  signal?: AbortSignal,
  nowMs: () => number = Date.now,
): Deployer {
  return {
    aws,
    terminal: scriptTerminal(answers),
    signal: signal ?? new AbortController().signal,
    waits: FAST,
    nowMs,
  };
}

/** Clients whose calls the gateway counts to this caller; signed for the region, by default the cloud's own. */
export function clientsOf(aws: LocalAws, caller: string, region = aws.cloud.region): AwsClients {
  const accessKeyId = `AKIADEPLOY${caller.toUpperCase()}`;
  aws.cloud.registerCaller(accessKeyId, caller);
  return awsClients({
    endpoint: aws.cloud.url,
    region,
    credentials: { accessKeyId, secretAccessKey: 'not-checked' },
  });
}
