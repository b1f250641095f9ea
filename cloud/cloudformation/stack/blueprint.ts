// SPDX-License-Identifier: Apache-2.0
import type { Tag } from '../resources/handler.ts';
import type { Template } from '../template/declarations.ts';
import type { ParameterValues } from '../template/parameter-values.ts';

/** The intended state of a stack: everything that a person submits. */
export interface Blueprint {
  readonly template: Template;
  readonly parameters: ParameterValues;
  readonly tags: readonly Tag[];
  readonly capabilities: readonly string[];
}
