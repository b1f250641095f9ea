// SPDX-License-Identifier: Apache-2.0
/**
 * The bucket of records, reports and backups: private, encrypted, versioned and kept. Its policy makes even a faulty
 * node follow the protocol. An object that is created once can't be overwritten, and no node of the cluster can delete
 * anything.
 */
import { rolePrincipals } from './access.ts';
import { getAtt, type Json, type Resource, type Resources, ref } from './cloudformation.ts';
import { subCluster } from './cluster.ts';
import { type PolicyDocument, policy, policyJson } from './policy.ts';
import { createdOnce, REWRITTEN } from './records.ts';
import { tagsOf } from './tags.ts';
import type { TemplateOptions } from './template-options.ts';

export function bucketResources(options: TemplateOptions): Resources {
  return {
    Bucket: bucket(options),
    BucketPolicy: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: { Bucket: ref('Bucket'), PolicyDocument: policyJson(bucketPolicy(options)) },
    },
  };
}

function bucket(options: TemplateOptions): Resource {
  return {
    Type: 'AWS::S3::Bucket',
    // The bucket is kept even when the stack's creation fails, because nodes may have written to it by then.
    // CloudFormation can't delete a bucket with objects, and the whole stack would end in ROLLBACK_FAILED.
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      VersioningConfiguration: { Status: 'Enabled' },
      Tags: tagsOf(options, 'records'),
    },
  };
}

function bucketPolicy(options: TemplateOptions): PolicyDocument {
  const everything: Json = [getAtt('Bucket', 'Arn'), subCluster(`\${Bucket.Arn}/*`)];
  const under = (prefix: string): Json => subCluster(`\${Bucket.Arn}/\${Cluster}/${prefix}/*`);
  const everybody = { Effect: 'Deny', Principal: '*' } as const;
  return policy([
    {
      Sid: 'OnlyOverTls',
      ...everybody,
      Action: ['s3:*'],
      Resource: everything,
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
    {
      Sid: 'CreatedOnce',
      ...everybody,
      Action: ['s3:PutObject'],
      Resource: createdOnce(options).map(under),
      Condition: { Null: { 's3:if-none-match': 'true' } },
    },
    {
      // When both keys are absent, the write has no condition at all.
      Sid: 'RewrittenOnCondition',
      ...everybody,
      Action: ['s3:PutObject'],
      Resource: REWRITTEN.map(under),
      Condition: { Null: { 's3:if-match': 'true', 's3:if-none-match': 'true' } },
    },
    {
      // All other actions delete, or allow a later deletion: lifecycle rules, versioning, the policy itself.
      Sid: 'NodesOnlyReadAndWrite',
      ...everybody,
      NotAction: ['s3:GetObject', 's3:ListBucket', 's3:PutObject'],
      Resource: everything,
      Condition: { ArnLike: { 'aws:PrincipalArn': [...rolePrincipals(options)] } },
    },
  ]);
}
