// SPDX-License-Identifier: Apache-2.0
/** Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3". */
import { type Struct, structAt, structsAt, textAt } from '../../value.ts';
import { type Context, contextOf } from '../context.ts';
import type { ActionRule, ActionTable, Element } from './element.ts';

const EVERY_KEY = ['s3:authType', 's3:signatureversion', 's3:TlsVersion', 's3:ResourceAccount'];
const LIST_KEYS = ['s3:prefix', 's3:delimiter', 's3:max-keys'];
const PUT_KEYS = [
  ...['s3:if-none-match', 's3:if-match', 's3:ObjectCreationOperation', 's3:x-amz-acl', 's3:x-amz-storage-class'],
  ...['s3:x-amz-server-side-encryption', 's3:x-amz-server-side-encryption-aws-kms-key-id'],
];

/** The context of every call to S3. The lab's plain HTTP counts as TLS. */
const EVERY_CALL: Readonly<Record<string, string>> = {
  's3:authType': 'REST-HEADER',
  's3:signatureversion': 'AWS4-HMAC-SHA256',
  's3:TlsVersion': '1.3',
};

function element(action: string, resource: string, context: Parameters<typeof contextOf>[0] = {}): Element {
  return { action: `s3:${action}`, resource, context: contextOf({ ...EVERY_CALL, ...context }) };
}

function bucketArn(input: Struct): string {
  return `arn:aws:s3:::${textAt(input, 'Bucket') ?? ''}`;
}

function objectArn(input: Struct, key = textAt(input, 'Key') ?? ''): string {
  return `${bucketArn(input)}/${key}`;
}

function onBucket(action: string): ActionRule {
  return { action, keys: EVERY_KEY, elements: (input) => [element(action, bucketArn(input))] };
}

function listing(action: string): ActionRule {
  return {
    action,
    keys: [...EVERY_KEY, ...LIST_KEYS],
    elements: (input) => [element(action, bucketArn(input), listContext(input))],
  };
}

function listContext(input: Struct): Parameters<typeof contextOf>[0] {
  const { MaxKeys } = input;
  return {
    's3:prefix': textAt(input, 'Prefix'),
    's3:delimiter': textAt(input, 'Delimiter'),
    's3:max-keys': typeof MaxKeys === 'number' ? MaxKeys : undefined,
  };
}

/** An action on one object; S3 has another action for a version of it. */
function onObject(action: string, ofVersion = action): ActionRule {
  return {
    action,
    keys: [...EVERY_KEY, 's3:versionid'],
    elements: (input) => {
      const version = textAt(input, 'VersionId');
      return [element(version === undefined ? action : ofVersion, objectArn(input), { 's3:versionid': version })];
    },
  };
}

/** `creates`: whether the call makes the object. Calls that begin an upload or add to it do not. */
function putting(creates: boolean): ActionRule {
  return {
    action: 'PutObject',
    keys: [...EVERY_KEY, ...PUT_KEYS],
    elements: (input) => {
      const put = element('PutObject', objectArn(input), {
        's3:if-none-match': textAt(input, 'IfNoneMatch'),
        's3:if-match': textAt(input, 'IfMatch'),
        's3:ObjectCreationOperation': creates,
        's3:x-amz-acl': textAt(input, 'ACL'),
        's3:x-amz-storage-class': textAt(input, 'StorageClass'),
        's3:x-amz-server-side-encryption': textAt(input, 'ServerSideEncryption'),
        's3:x-amz-server-side-encryption-aws-kms-key-id': textAt(input, 'SSEKMSKeyId'),
      });
      const others: Element[] = [];
      if (textAt(input, 'ACL') !== undefined) others.push(element('PutObjectAcl', objectArn(input)));
      if (textAt(input, 'Tagging') !== undefined) others.push(element('PutObjectTagging', objectArn(input)));
      return [put, ...others];
    },
  };
}

const copying: ActionRule = {
  ...putting(true),
  elements: async (input, facts) => {
    const source = decodeURIComponent(textAt(input, 'CopySource') ?? '')
      .replace(/^\//, '')
      .split('?')[0];
    return [...(await putting(true).elements(input, facts)), element('GetObject', `arn:aws:s3:::${source}`)];
  },
};

/** AWS decides for each key separately. Here, one key that may not be deleted keeps all keys. */
const deletingMany: ActionRule = {
  action: 'DeleteObject',
  keys: [...EVERY_KEY, 's3:versionid'],
  elements: (input) =>
    structsAt(structAt(input, 'Delete'), 'Objects').map((object) => {
      const version = textAt(object, 'VersionId');
      const action = version === undefined ? 'DeleteObject' : 'DeleteObjectVersion';
      return element(action, objectArn(input, textAt(object, 'Key')), { 's3:versionid': version });
    }),
};

const listingBuckets: ActionRule = {
  action: 'ListAllMyBuckets',
  keys: EVERY_KEY,
  elements: () => [element('ListAllMyBuckets', '*')],
};

/** The right that decides between 404 and 403 for a missing object: whether the caller could have listed its key. */
export function listingOf(input: Struct): {
  readonly action: string;
  readonly resource: string;
  readonly context: Context;
} {
  const { action, resource, context } = element('ListBucket', bucketArn(input), { 's3:prefix': textAt(input, 'Key') });
  return { action, resource, context: context ?? new Map() };
}

export const S3_ACTIONS: ActionTable = {
  ListBuckets: listingBuckets,
  ListObjects: listing('ListBucket'),
  ListObjectsV2: listing('ListBucket'),
  HeadBucket: listing('ListBucket'),
  ListObjectVersions: listing('ListBucketVersions'),
  GetObject: onObject('GetObject', 'GetObjectVersion'),
  HeadObject: onObject('GetObject', 'GetObjectVersion'),
  DeleteObject: onObject('DeleteObject', 'DeleteObjectVersion'),
  DeleteObjects: deletingMany,
  PutObject: putting(true),
  CopyObject: copying,
  CreateMultipartUpload: putting(false),
  UploadPart: putting(false),
  CompleteMultipartUpload: putting(true),
  AbortMultipartUpload: onObject('AbortMultipartUpload'),
  CreateBucket: onBucket('CreateBucket'),
  DeleteBucket: onBucket('DeleteBucket'),
  GetBucketLocation: onBucket('GetBucketLocation'),
  PutBucketPolicy: onBucket('PutBucketPolicy'),
  GetBucketPolicy: onBucket('GetBucketPolicy'),
  DeleteBucketPolicy: onBucket('DeleteBucketPolicy'),
  PutBucketVersioning: onBucket('PutBucketVersioning'),
  GetBucketVersioning: onBucket('GetBucketVersioning'),
  PutBucketEncryption: onBucket('PutEncryptionConfiguration'),
  GetBucketEncryption: onBucket('GetEncryptionConfiguration'),
  DeleteBucketEncryption: onBucket('PutEncryptionConfiguration'),
  PutPublicAccessBlock: onBucket('PutBucketPublicAccessBlock'),
  GetPublicAccessBlock: onBucket('GetBucketPublicAccessBlock'),
  DeletePublicAccessBlock: onBucket('PutBucketPublicAccessBlock'),
  PutBucketOwnershipControls: onBucket('PutBucketOwnershipControls'),
  GetBucketOwnershipControls: onBucket('GetBucketOwnershipControls'),
  DeleteBucketOwnershipControls: onBucket('PutBucketOwnershipControls'),
  PutBucketTagging: onBucket('PutBucketTagging'),
  GetBucketTagging: onBucket('GetBucketTagging'),
  DeleteBucketTagging: onBucket('PutBucketTagging'),
};
