// SPDX-License-Identifier: Apache-2.0
/**
 * The template of every instance. A new version reaches the group, and the group's update policy then replaces the
 * nodes.
 */
import { getAtt, type JsonObject, literal, type Resources, ref, sub } from './cloudformation.ts';
import { clusterId } from './cluster.ts';
import type { Identity } from './identity/identity.ts';
import { tagsOf } from './tags.ts';
import type { TemplateOptions } from './template-options.ts';
import { userData } from './user-data.ts';

/** The root device of Debian's images, and so of the images that build.sh makes from them. */
const DEBIAN_ROOT_DEVICE = '/dev/xvda';

/** The hooks' names, which the agent gets in its settings. */
export const LAUNCH_HOOK = 'launch';
export const TERMINATE_HOOK = 'terminate';

export function launchTemplateResources(options: TemplateOptions, identity: Identity): Resources {
  return {
    LaunchTemplate: {
      Type: 'AWS::EC2::LaunchTemplate',
      Properties: {
        LaunchTemplateData: {
          BlockDeviceMappings: [{ DeviceName: options.rootDevice ?? DEBIAN_ROOT_DEVICE, Ebs: rootVolume(options) }],
          IamInstanceProfile: { Arn: getAtt('InstanceProfile', 'Arn') },
          ImageId: ref('ImageId'),
          InstanceType: ref('InstanceType'),
          ...(options.keyName === undefined ? {} : { KeyName: ref('KeyName') }),
          // One hop: a container's network can't get the credentials of the role. Without the instance's tags: with
          // them EC2 starts no instance that has a tag with a space or a slash in its key, as many organisations
          // demand.
          MetadataOptions: { HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 1, HttpTokens: 'required' },
          Monitoring: { Enabled: options.monitoring },
          SecurityGroupIds: [getAtt('NodeSecurityGroup', 'GroupId')],
          TagSpecifications: [{ ResourceType: 'volume', Tags: tagsOf(options, 'node') }],
          UserData: { 'Fn::Base64': sub(userData(agentSettings(options, identity)), { Cluster: clusterId() }) },
        },
        TagSpecifications: [{ ResourceType: 'launch-template', Tags: tagsOf(options, 'node') }],
      },
    },
  };
}

function rootVolume(options: TemplateOptions): JsonObject {
  return {
    DeleteOnTermination: true,
    Encrypted: true,
    ...(options.volumeIops === undefined ? {} : { Iops: options.volumeIops }),
    VolumeSize: ref('VolumeGib'),
    VolumeType: options.volumeType,
  };
}

/** The agent.env of every node, as text for `Fn::Sub`. */
function agentSettings(options: TemplateOptions, identity: Identity): Readonly<Record<string, string>> {
  const given = Object.entries(options.settings)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [key, literal(value)]);
  return {
    REGION: `\${AWS::Region}`,
    CLUSTER: `\${Cluster}`,
    BUCKET: `\${Bucket}`,
    LOG_GROUP: `\${ClaimsLogGroup}`,
    NODE_LOG_GROUP: `\${NodeLogGroup}`,
    STACK: `\${AWS::StackId}`,
    SIGNAL_RESOURCE: 'Group',
    LAUNCH_HOOK,
    TERMINATE_HOOK,
    ...nameSettings(options),
    ...identity.settings,
    ...Object.fromEntries(given),
  };
}

/** Where the nodes keep their names for clients. */
function nameSettings({ zone, hosts }: TemplateOptions): Readonly<Record<string, string>> {
  if (zone === undefined) return {};
  return { ZONE_ID: zone.id, NAMES_DOMAIN: `\${Cluster}.${zone.name}.`, PLACES: String(hosts) };
}

/** Settings that the template writes itself, so an option can't set them. */
export const OWN_SETTINGS: ReadonlySet<string> = new Set([
  ...['REGION', 'CLUSTER', 'BUCKET', 'LOG_GROUP', 'NODE_LOG_GROUP'],
  ...['ZONE_ID', 'NAMES_DOMAIN', 'PLACES'],
  ...['STACK', 'SIGNAL_RESOURCE', 'LAUNCH_HOOK', 'TERMINATE_HOOK', 'MODE'],
]);
