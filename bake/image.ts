// SPDX-License-Identifier: Apache-2.0
/** The image that Packer made: finds it in the manifest, checks it, and publishes it here. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  DescribeImagesCommand,
  type Image,
  ModifyImageAttributeCommand,
  ModifyInstanceMetadataOptionsCommand,
} from '@aws-sdk/client-ec2';
import { call } from '../deploy/aws.ts';
import { IMAGE_FILE } from '../deploy/image-file.ts';
import { writeWhole } from '../tools/whole-file.ts';
import { BakeError } from './errors.ts';
import type { Ec2Access } from './look.ts';

const MANIFEST_NAME = 'image-manifest.json';
/** The directory where deploy.sh looks for the image. */
export const OUTPUT = dirname(IMAGE_FILE);

const ARTIFACT = /^[a-z0-9-]+:(ami-[0-9a-f]+)$/;

/** The id in Packer's manifest, such as `{"builds": [{"artifact_id": "eu-west-1:ami-…"}]}`. */
export async function imageIn(manifestFile: string): Promise<string> {
  const text = await readFile(manifestFile, 'utf8').catch(() => '{}');
  const { builds = [] } = JSON.parse(text) as { readonly builds?: readonly { readonly artifact_id?: string }[] };
  const ids = builds.flatMap(({ artifact_id = '' }) => ARTIFACT.exec(artifact_id)?.[1] ?? []);
  const [id] = ids;
  if (id !== undefined && ids.length === 1) return id;
  throw new BakeError(
    'BAKE_FAILED',
    `Packer says that it is done, and its manifest names ${ids.length === 0 ? 'no image' : ids.join(' and ')}.`,
    `Look at ${manifestFile}, then run this again.`,
  );
}

/** For Packer 1.6, which has no option for this: the instance accepts no IMDSv1 from now on. */
export async function demandTokens({ ec2, signal }: Ec2Access, InstanceId: string): Promise<void> {
  const command = new ModifyInstanceMetadataOptionsCommand({
    InstanceId,
    HttpEndpoint: 'enabled',
    HttpTokens: 'required',
    HttpPutResponseHopLimit: 1,
  });
  await call('EC2 ModifyInstanceMetadataOptions', signal, (options) => ec2.send(command, options));
}

/** For Packer 1.6: instances of the image accept no IMDSv1, unless their launch template says otherwise. */
export async function supportTokensOnly({ ec2, signal }: Ec2Access, ImageId: string): Promise<void> {
  const command = new ModifyImageAttributeCommand({ ImageId, ImdsSupport: { Value: 'v2.0' } });
  await call('EC2 ModifyImageAttribute', signal, (options) => ec2.send(command, options));
}

/** Rejects when the image in AWS does not have the requested properties. */
export async function checkImage({ ec2, signal }: Ec2Access, id: string): Promise<void> {
  const { Images = [] } = await call('EC2 DescribeImages', signal, (options) =>
    ec2.send(new DescribeImagesCommand({ ImageIds: [id] }), options),
  );
  const [image] = Images;
  const faults = image === undefined ? ['it is not there'] : faultsOf(image);
  if (faults.length === 0) return;
  const next = 'It was removed again. Run this once more; if it stays, compare the account’s settings for images.';
  throw new BakeError('BAKE_FAILED', `The image ${id} is not as it should be: ${faults.join(', ')}.`, next);
}

function faultsOf(image: Image): readonly string[] {
  const faults: string[] = [];
  if (image.State !== 'available') faults.push(`its state is ${image.State}`);
  if (image.ImdsSupport !== 'v2.0') faults.push('its instances would take IMDSv1');
  const open = image.BlockDeviceMappings?.filter(({ Ebs }) => Ebs !== undefined && Ebs.Encrypted !== true) ?? [];
  if (open.length > 0) faults.push(`${open.map(({ DeviceName }) => DeviceName).join(' and ')} is not encrypted`);
  if (image.Public === true) faults.push('it is public');
  return faults;
}

/** From now on deploy.sh uses this image. */
export async function publish(id: string, manifestFile: string, output: string): Promise<void> {
  await writeWhole(join(output, MANIFEST_NAME), await readFile(manifestFile, 'utf8'));
  await writeWhole(join(output, basename(IMAGE_FILE)), `${id}\n`);
}
