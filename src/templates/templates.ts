// SPDX-License-Identifier: Apache-2.0
/** The templates of the files that the agent writes for its server. */
import { DYNAMIC_CONFIG_TEMPLATE } from './dynamic-config.ts';
import { ZOO_CFG_TEMPLATE } from './zoo-cfg.ts';

export const TEMPLATES = {
  'zoo.cfg': ZOO_CFG_TEMPLATE,
  'dynamic config': DYNAMIC_CONFIG_TEMPLATE,
} as const;

export type TemplateName = keyof typeof TEMPLATES;

/** Nothing is escaped: these are no web pages. */
export const TEMPLATE_OPTIONS = { noEscape: true } as const;
