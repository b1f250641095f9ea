// SPDX-License-Identifier: Apache-2.0
import type { Blueprint } from '../stack/blueprint.ts';
import type { StackOutput } from '../stack/stack.ts';
import { evaluate } from '../template/evaluate.ts';
import type { StackRun } from './stack-run.ts';

/** The outputs, from the present resources. */
export function outputsOf(run: StackRun, blueprint: Blueprint): readonly StackOutput[] {
  const resolver = run.resolver(blueprint);
  return [...blueprint.template.outputs].map(([key, { value, description }]) => {
    const resolved = evaluate(value, resolver);
    if (resolved === undefined || typeof resolved === 'object') {
      throw new Error(
        `Template format error: Output ${key} is malformed. The Value field of every Outputs member must evaluate to a String.`,
      );
    }
    return { key, value: String(resolved), description };
  });
}
