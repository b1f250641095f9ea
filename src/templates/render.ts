// SPDX-License-Identifier: Apache-2.0
/**
 * Fills in a template. In the bundles this module is replaced (build/precompile-templates.ts): there the templates are
 * compiled beforehand, since compiling these few lines would take a node longer than writing its config.
 */
import Handlebars from 'handlebars';
import { TEMPLATE_OPTIONS, TEMPLATES, type TemplateName } from './templates.ts';

export function render(name: TemplateName, context: object): string {
  return Handlebars.compile(TEMPLATES[name], TEMPLATE_OPTIONS)(context);
}
