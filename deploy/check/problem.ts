// SPDX-License-Identifier: Apache-2.0
/**
 * The checks of what the options name in AWS. Each returns one sentence per problem, so that a person gets them all at
 * once. Each only reads.
 */
import type { TemplateOptions } from '../../cf/template-options.ts';
import type { DeployContext } from '../context.ts';

export type Check = (context: DeployContext, options: TemplateOptions) => Promise<readonly string[]>;
