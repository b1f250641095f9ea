// SPDX-License-Identifier: Apache-2.0
/**
 * Replaces `src/templates/render.ts` with the compiled templates and Handlebars' runtime. So the bundle has no template
 * compiler, and a node does not compile.
 */
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import Handlebars from 'handlebars';
import { TEMPLATE_OPTIONS, TEMPLATES } from '../src/templates/templates.ts';

const RENDER = /\/src\/templates\/render\.ts$/;

export const precompileTemplates: Plugin = {
  name: 'precompile-templates',
  setup(build) {
    build.onLoad({ filter: RENDER }, ({ path }) => {
      const compiled = Object.entries(TEMPLATES).map(
        ([name, template]) =>
          `${JSON.stringify(name)}: Handlebars.template(${Handlebars.precompile(template, TEMPLATE_OPTIONS)}),`,
      );
      const contents = `
        import Handlebars from 'handlebars/runtime.js';
        const compiled = { ${compiled.join('\n')} };
        export const render = (name, context) => compiled[name](context);`;
      return { contents, loader: 'js', resolveDir: fileURLToPath(new URL('.', `file://${path}`)) };
    });
  },
};
