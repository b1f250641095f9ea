// SPDX-License-Identifier: Apache-2.0
/**
 * The checks of what the options name in AWS. Each returns sentences, one for each thing that is wrong, so that a
 * person gets them all at once; each only reads.
 */
import type { TemplateOptions } from '../../cf/template-options.ts';
import type { DeployContext } from '../context.ts';

export type Check = (context: DeployContext, options: TemplateOptions) => Promise<readonly string[]>;
