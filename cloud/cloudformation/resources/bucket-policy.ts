// SPDX-License-Identifier: Apache-2.0
import { textAt } from '../../value.ts';
import { unlessGone } from './gone.ts';
import type { ResourceHandler } from './handler.ts';
import { documentText } from './role.ts';

export const bucketPolicy: ResourceHandler = {
  type: 'AWS::S3::BucketPolicy',
  supported: ['Bucket', 'PolicyDocument.*'],
  attributes: [],

  async create(context, properties) {
    const Bucket = textAt(properties, 'Bucket') ?? '';
    await context.call('s3', 'PutBucketPolicy', { Bucket, Policy: documentText(properties.PolicyDocument) });
    context.made(Bucket);
    return {};
  },

  async update(context, { physicalId: Bucket }, properties) {
    await context.call('s3', 'PutBucketPolicy', { Bucket, Policy: documentText(properties.PolicyDocument) });
    return {};
  },

  async remove(context, { physicalId: Bucket }) {
    const deletion = context.call('s3', 'DeleteBucketPolicy', { Bucket });
    await unlessGone(deletion, 'NoSuchBucket', 'NoSuchBucketPolicy');
  },
};
