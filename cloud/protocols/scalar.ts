// SPDX-License-Identifier: Apache-2.0
import type { Shape } from '../api-model/model.ts';
import type { Value } from '../value.ts';

/**
 * Reads a scalar from a query string, a header or XML. A value that does not fit stays text, and the check reports it.
 */
export function readScalar(shape: Shape, text: string): Value {
  switch (shape.type) {
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    default:
      return text;
  }
}
