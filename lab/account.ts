// SPDX-License-Identifier: Apache-2.0
/**
 * The AWS account of a lab before the first deployment: a network with three subnets and a way out, a key pair, an
 * image. The subnets are private, unless nodes have Elastic IPs.
 */
import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateKeyPairCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeRouteTablesCommand,
  ModifySubnetAttributeCommand,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';
import type { IdentityMode } from '../cf/template-options.ts';
import type { AwsClients } from '../tools/aws-clients.ts';

const ZONES = ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'];
const KEY_NAME = 'lab';

export interface Network {
  readonly vpc: string;
  /** In three different zones. */
  readonly subnets: readonly string[];
}

export interface LabAccount extends Network {
  readonly keyName: string;
  /** The private key of the key pair, in PEM. */
  readonly privateKey: string;
  readonly imageId: string;
}

/**
 * `prefix` is the first two numbers of the network, `127.16`; `imageOf` makes or finds the image of the first
 * deployment. Rejects with the SDK's error of the failed call.
 */
export async function makeAccount(
  aws: AwsClients,
  prefix: string,
  mode: IdentityMode,
  imageOf: (network: Network) => Promise<string>,
): Promise<LabAccount> {
  const [network, { KeyMaterial = '' }] = await Promise.all([
    makeNetwork(aws, prefix),
    aws.ec2.send(new CreateKeyPairCommand({ KeyName: KEY_NAME })),
  ]);
  await (mode === 'elastic-ip' ? makePublic(aws, network) : giveWayOut(aws, network));
  return { ...network, imageId: await imageOf(network), keyName: KEY_NAME, privateKey: KeyMaterial };
}

export async function makeNetwork(aws: AwsClients, prefix: string): Promise<Network> {
  const { Vpc } = await aws.ec2.send(new CreateVpcCommand({ CidrBlock: `${prefix}.0.0/16` }));
  const subnets: string[] = [];
  // The first sixteenth of the block belongs to the lab itself: gateway, moto, metadata services.
  for (const [index, zone] of ZONES.entries()) {
    const { Subnet } = await aws.ec2.send(
      new CreateSubnetCommand({
        VpcId: Vpc?.VpcId,
        AvailabilityZone: zone,
        CidrBlock: `${prefix}.${(index + 1) * 16}.0/20`,
      }),
    );
    subnets.push(present(Subnet?.SubnetId, 'CreateSubnet', 'SubnetId'));
  }
  return { vpc: present(Vpc?.VpcId, 'CreateVpc', 'VpcId'), subnets };
}

/** Makes a NAT gateway, which private subnets usually have. */
export async function giveWayOut(aws: Pick<AwsClients, 'ec2'>, { vpc, subnets }: Network): Promise<void> {
  const [{ NatGateway }, { RouteTables = [] }] = await Promise.all([
    aws.ec2.send(new CreateNatGatewayCommand({ SubnetId: subnets[0], ConnectivityType: 'private' })),
    aws.ec2.send(new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] })),
  ]);
  await aws.ec2.send(
    new CreateRouteCommand({
      RouteTableId: present(RouteTables[0]?.RouteTableId, 'DescribeRouteTables', 'RouteTableId'),
      DestinationCidrBlock: '0.0.0.0/0',
      NatGatewayId: present(NatGateway?.NatGatewayId, 'CreateNatGateway', 'NatGatewayId'),
    }),
  );
}

/** Gives the subnets an internet gateway, and new instances in them a public address. */
export async function makePublic(aws: Pick<AwsClients, 'ec2'>, { vpc, subnets }: Network): Promise<void> {
  const [{ InternetGateway }, { RouteTables = [] }] = await Promise.all([
    aws.ec2.send(new CreateInternetGatewayCommand({})),
    aws.ec2.send(new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] })),
  ]);
  const GatewayId = present(InternetGateway?.InternetGatewayId, 'CreateInternetGateway', 'InternetGatewayId');
  await aws.ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: GatewayId, VpcId: vpc }));
  const RouteTableId = present(RouteTables[0]?.RouteTableId, 'DescribeRouteTables', 'RouteTableId');
  await aws.ec2.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId }));
  for (const SubnetId of subnets) {
    await aws.ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } }));
  }
}

/**
 * An image for process machines. They run the agent of this checkout, so each image has another id and the same
 * contents.
 */
export async function registerImage(aws: AwsClients, name: string): Promise<string> {
  const { ImageId } = await aws.ec2.send(
    new RegisterImageCommand({ Name: `zookeeper-on-aws ${name}`, RootDeviceName: '/dev/sda1' }),
  );
  return present(ImageId, 'RegisterImage', 'ImageId');
}

function present(value: string | undefined, action: string, field: string): string {
  if (value === undefined) throw new Error(`The lab's AWS answered ${action} without ${field}.`);
  return value;
}
