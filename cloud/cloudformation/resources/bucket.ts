// SPDX-License-Identifier: Apache-2.0
import { type Struct, structAt, structsAt, textAt } from '../../value.ts';
import { bucketName } from '../stack/physical-names.ts';
import { unlessGone } from './gone.ts';
import type { ResourceContext, ResourceHandler } from './handler.ts';
import { keyed, tagsOf } from './tags.ts';

const GONE = 'NoSuchBucket';

export const bucket: ResourceHandler = {
  type: 'AWS::S3::Bucket',
  supported: [
    'BucketName',
    'BucketEncryption.ServerSideEncryptionConfiguration.BucketKeyEnabled',
    'BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.*',
    'OwnershipControls.Rules.ObjectOwnership',
    'PublicAccessBlockConfiguration.*',
    'Tags.*',
    'VersioningConfiguration.Status',
  ],
  attributes: ['Arn', 'DomainName', 'RegionalDomainName'],
  takesTags: 'without-system-tags',

  async create(context, properties) {
    const { stack, logicalId } = context;
    const Bucket = textAt(properties, 'BucketName') ?? bucketName(stack.name, logicalId);
    // S3 does not accept the name of the first region here.
    const elsewhere = { CreateBucketConfiguration: { LocationConstraint: stack.region } };
    await context.call('s3', 'CreateBucket', { Bucket, ...(stack.region === 'us-east-1' ? {} : elsewhere) });
    context.made(Bucket);
    await configure(context, Bucket, {}, properties);
    return attributes(context, Bucket);
  },

  async update(context, { physicalId: Bucket, properties: before }, properties) {
    await configure(context, Bucket, before, properties);
    return attributes(context, Bucket);
  },

  /** Fails with BucketNotEmpty while the bucket contains anything. */
  async remove(context, { physicalId: Bucket }) {
    await unlessGone(context.call('s3', 'DeleteBucket', { Bucket }), GONE);
  },
};

async function configure(context: ResourceContext, Bucket: string, before: Struct, after: Struct): Promise<void> {
  const { PublicAccessBlockConfiguration, OwnershipControls, VersioningConfiguration } = after;
  if (PublicAccessBlockConfiguration !== undefined) {
    await context.call('s3', 'PutPublicAccessBlock', { Bucket, PublicAccessBlockConfiguration });
  } else if (before.PublicAccessBlockConfiguration !== undefined) {
    await context.call('s3', 'DeletePublicAccessBlock', { Bucket });
  }
  if (OwnershipControls !== undefined) {
    await context.call('s3', 'PutBucketOwnershipControls', { Bucket, OwnershipControls });
  } else if (before.OwnershipControls !== undefined) {
    await context.call('s3', 'DeleteBucketOwnershipControls', { Bucket });
  }
  // Versioning can't be removed, only suspended.
  const versioning = VersioningConfiguration ?? (before.VersioningConfiguration && { Status: 'Suspended' });
  if (versioning !== undefined) {
    await context.call('s3', 'PutBucketVersioning', { Bucket, VersioningConfiguration: versioning });
  }
  await encrypt(context, Bucket, before, after);
  const tags = keyed(tagsOf(context, after));
  if (tags.length > 0) await context.call('s3', 'PutBucketTagging', { Bucket, Tagging: { TagSet: tags } });
  else if (before.Tags !== undefined) await context.call('s3', 'DeleteBucketTagging', { Bucket });
}

async function encrypt(context: ResourceContext, Bucket: string, before: Struct, after: Struct): Promise<void> {
  const encryption = structAt(after, 'BucketEncryption');
  if (encryption !== undefined) {
    const Rules = structsAt(encryption, 'ServerSideEncryptionConfiguration').map(rule);
    await context.call('s3', 'PutBucketEncryption', { Bucket, ServerSideEncryptionConfiguration: { Rules } });
  } else if (before.BucketEncryption !== undefined) {
    await context.call('s3', 'DeleteBucketEncryption', { Bucket });
  }
}

/** CloudFormation and S3 have different words for the same rule. */
function rule(configured: Struct): Struct {
  const { ServerSideEncryptionByDefault, BucketKeyEnabled } = configured;
  return {
    ...(ServerSideEncryptionByDefault === undefined
      ? {}
      : { ApplyServerSideEncryptionByDefault: ServerSideEncryptionByDefault }),
    ...(BucketKeyEnabled === undefined ? {} : { BucketKeyEnabled }),
  };
}

function attributes({ stack }: ResourceContext, name: string): Struct {
  return {
    Arn: `arn:aws:s3:::${name}`,
    DomainName: `${name}.s3.amazonaws.com`,
    RegionalDomainName: `${name}.s3.${stack.region}.amazonaws.com`,
  };
}
