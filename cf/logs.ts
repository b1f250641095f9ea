// SPDX-License-Identifier: Apache-2.0
/** Two log groups: one whose streams are the claims on ids, which are state and stay, and one for the nodes' logs. */
import { type Resources, ref } from './cloudformation.ts';
import { CLAIMS_LOG_GROUP, subCluster } from './cluster.ts';
import { tagsOf } from './tags.ts';
import type { TemplateOptions } from './template-options.ts';

export function logResources(options: TemplateOptions): Resources {
  return {
    ClaimsLogGroup: {
      Type: 'AWS::Logs::LogGroup',
      // Kept with the bucket, whose records name the claims; a stack that never came up needs neither.
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      // No retention: a claim that expired would give an id away twice.
      Properties: { LogGroupName: subCluster(CLAIMS_LOG_GROUP), Tags: tagsOf(options, 'claims') },
    },
    NodeLogGroup: {
      Type: 'AWS::Logs::LogGroup',
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
      Properties: {
        LogGroupName: subCluster(`${CLAIMS_LOG_GROUP}/nodes`),
        RetentionInDays: ref('LogRetentionDays'),
        Tags: tagsOf(options, 'logs'),
      },
    },
  };
}
