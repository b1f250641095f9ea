// SPDX-License-Identifier: Apache-2.0
/**
 * Two log groups. The streams of the first are the claims on ids, which are state and stay. The second has the nodes'
 * logs.
 */
import { type Resources, ref } from './cloudformation.ts';
import { CLAIMS_LOG_GROUP, NODE_LOGS, subCluster } from './cluster.ts';
import { tagsOf } from './tags.ts';
import type { TemplateOptions } from './template-options.ts';

export function logResources(options: TemplateOptions): Resources {
  return {
    ClaimsLogGroup: {
      Type: 'AWS::Logs::LogGroup',
      // Kept together with the bucket, whose records name the claims. A stack whose creation failed needs neither.
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      // No retention: if a claim expired, an id could be given away twice.
      Properties: { LogGroupName: subCluster(CLAIMS_LOG_GROUP), Tags: tagsOf(options, 'claims') },
    },
    NodeLogGroup: {
      Type: 'AWS::Logs::LogGroup',
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
      Properties: {
        LogGroupName: subCluster(`${CLAIMS_LOG_GROUP}${NODE_LOGS}`),
        RetentionInDays: ref('LogRetentionDays'),
        Tags: tagsOf(options, 'logs'),
      },
    },
  };
}
