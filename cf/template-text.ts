// SPDX-License-Identifier: Apache-2.0
/** The text of a template, for people to read and review. */
import { Document, isCollection, visit } from 'yaml';
import type { Json, Template } from './cloudformation.ts';

/** CloudFormation takes no larger template in a request. */
export const LARGEST_TEMPLATE_BYTES = 51_200;

/** Wide enough for an expression of the cluster's id, which is written often. */
const LINE_WIDTH = 200;

/** The same template gives the same bytes, ending in a line break. */
export function templateText(template: Template, format: 'json' | 'yaml'): string {
  const plain = JSON.parse(JSON.stringify(template)) as Json;
  return format === 'json' ? `${jsonText(plain, '', 0)}\n` : yamlText(plain);
}

/** What fits on its line stands on it; everything else has a line for each of its parts. */
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

/** Short collections stand on one line here too. No anchors: CloudFormation's YAML has none. */
function yamlText(template: Json): string {
  const document = new Document(template, { aliasDuplicateObjects: false });
  visit(document, {
    Node(_, node) {
      if (isCollection(node) && JSON.stringify(node).length < LINE_WIDTH) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}
