// SPDX-License-Identifier: Apache-2.0
/** The CloudFormation template, made from one file per concern. The same options give the same bytes. */
import { accessResources } from './access.ts';
import { bucketResources } from './bucket.ts';
import type { Template } from './cloudformation.ts';
import { groupResources } from './group.ts';
import { identityOf } from './identity/modes.ts';
import { launchTemplateResources } from './launch-template.ts';
import { logResources } from './logs.ts';
import { networkResources } from './network.ts';
import { outputs } from './outputs.ts';
import { parameterInterface, parameters } from './parameters.ts';
import type { TemplateOptions } from './template-options.ts';

export { LARGEST_TEMPLATE_BYTES, templateText } from './template-text.ts';

export function template(options: TemplateOptions): Template {
  const identity = identityOf(options);
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'A ZooKeeper ensemble that follows its Auto Scaling group and repairs itself.',
    Metadata: { 'AWS::CloudFormation::Interface': parameterInterface(options) },
    Parameters: parameters(options),
    Resources: {
      ...networkResources(options, identity),
      ...logResources(options),
      ...bucketResources(options),
      ...accessResources(options, identity),
      ...identity.resources,
      ...launchTemplateResources(options, identity),
      ...groupResources(options, identity),
    },
    Outputs: { ...outputs(options), ...identity.outputs },
  };
}
