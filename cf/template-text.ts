// SPDX-License-Identifier: Apache-2.0
/** The text of a template, for people to read and review. */
import { Document, isCollection, visit } from 'yaml';
import type { Json, Template } from './cloudformation.ts';

/** The largest template that CloudFormation accepts in a request. */
export const LARGEST_TEMPLATE_BYTES = 51_200;

/** Wide enough for the expression of the cluster's id, which appears often. */
const LINE_WIDTH = 200;

/** The same template gives the same bytes, ending in a line break. */
export function templateText(template: Template, format: 'json' | 'yaml'): string {
  const plain = JSON.parse(JSON.stringify(template)) as Json;
  return format === 'json' ? `${jsonText(plain, '', 0)}\n` : yamlText(plain);
}

/** A value that fits on one line gets one line. Otherwise each of its parts gets its own line. */
function jsonText(value: Json, indent: string, before: number): string {
  const line = jsonLine(value);
  if (typeof value !== 'object' || value === null || indent.length + before + line.length < LINE_WIDTH) return line;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((part: Json) => jsonText(part, inner, 0))
    : Object.entries(value).map(([key, part]) => {
        const name = `${JSON.stringify(key)}: `;
        return name + jsonText(part as Json, inner, name.length);
      });
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`;
}

function jsonLine(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(jsonLine).join(', ')}]`;
  const parts = Object.entries(value).map(([key, part]) => `${JSON.stringify(key)}: ${jsonLine(part as Json)}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

/** Short collections are on one line here too. No anchors, because CloudFormation's YAML does not support them. */
function yamlText(template: Json): string {
  const document = new Document(template, { aliasDuplicateObjects: false });
  visit(document, {
    Node(_, node) {
      if (isCollection(node) && JSON.stringify(node).length < LINE_WIDTH) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}
