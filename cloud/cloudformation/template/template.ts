// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import { isStruct, type Struct, textAt, textsAt, type Value } from '../../value.ts';
import { checkReferences } from './check-references.ts';
import type { DeletionPolicy, OutputDeclaration, ResourceDeclaration, Template } from './declarations.ts';
import { readParameters } from './parameter-declaration.ts';

const SECTIONS = ['AWSTemplateFormatVersion', 'Description', 'Metadata', 'Parameters', 'Resources'];
const LOGICAL_ID = /^[A-Za-z0-9]+$/;
const RESOURCE_MEMBERS = [
  'Type',
  'Properties',
  'DependsOn',
  'CreationPolicy',
  'UpdatePolicy',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'Metadata',
];

/** Reads a template in JSON. Any mistake in it, and anything that the lab does not support, is a ValidationError. */
export function readTemplate(text: string): Template {
  const document = json(text);
  for (const name of Object.keys(document)) {
    if (!SECTIONS.includes(name) && name !== 'Outputs') {
      throw invalid(`Template format error: The lab does not support the section ${name} of a template`);
    }
  }
  const version = document.AWSTemplateFormatVersion;
  if (version !== undefined && version !== '2010-09-09') {
    throw invalid('Template format error: Unsupported AWSTemplateFormatVersion');
  }
  const resources = section(document, 'Resources');
  if (resources === undefined || Object.keys(resources).length === 0) {
    throw invalid('Template format error: At least one Resources member must be defined.');
  }
  const description = textAt(document, 'Description');
  const metadata = section(document, 'Metadata');
  const template: Template = {
    text,
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
    parameters: readParameters(section(document, 'Parameters') ?? {}),
    resources: new Map(entries(resources, 'Resources').map(([id, body]) => [id, readResource(id, body)])),
    outputs: new Map(
      entries(section(document, 'Outputs') ?? {}, 'Outputs').map(([id, body]) => [id, readOutput(id, body)]),
    ),
  };
  checkReferences(template);
  return template;
}

function json(text: string): Struct {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    if (!text.trimStart().startsWith('{')) {
      throw invalid('Template format error: The lab reads templates in JSON only, not in YAML');
    }
    const why = error instanceof Error ? error.message : String(error);
    throw invalid(`Template format error: JSON not well-formed. (${why})`);
  }
  if (!isStruct(document)) throw invalid('Template format error: unsupported structure.');
  refuseNulls(document, '');
  return document;
}

function refuseNulls(value: unknown, path: string): void {
  if (value === null) {
    throw invalid(`Template format error: [${path}] Null values are not allowed in templates`);
  }
  if (typeof value !== 'object') return;
  for (const [name, below] of Object.entries(value)) refuseNulls(below, `${path}/${name}`);
}

function section(document: Struct, name: string): Struct | undefined {
  const value = document[name];
  if (value === undefined) return undefined;
  if (!isStruct(value)) throw invalid(`Template format error: ${name} must be an object`);
  return value;
}

function entries(holder: Struct, name: string): readonly (readonly [string, Struct])[] {
  return Object.entries(holder).map(([id, body]) => {
    if (!LOGICAL_ID.test(id)) {
      throw invalid(`Template format error: ${name} name ${id} is non alphanumeric.`);
    }
    if (!isStruct(body)) throw invalid(`Template format error: [/${name}/${id}] must be an object`);
    return [id, body];
  });
}

function readResource(logicalId: string, body: Struct): ResourceDeclaration {
  const at = `[/Resources/${logicalId}]`;
  for (const name of Object.keys(body)) {
    if (!RESOURCE_MEMBERS.includes(name)) {
      throw invalid(`Template format error: ${at} The lab does not support the attribute ${name} of a resource`);
    }
  }
  const type = textAt(body, 'Type');
  if (type === undefined) throw invalid(`Template format error: ${at} Every resource must contain a Type member.`);
  const { DependsOn: dependsOn = [] } = body;
  return {
    logicalId,
    type,
    properties: section(body, 'Properties') ?? {},
    dependsOn: typeof dependsOn === 'string' ? [dependsOn] : textsAt(body, 'DependsOn'),
    deletionPolicy: deletionPolicy(body.DeletionPolicy ?? 'Delete', at),
    updateReplacePolicy: updateReplacePolicy(body.UpdateReplacePolicy ?? 'Delete', at),
    ...optional('creationPolicy', section(body, 'CreationPolicy')),
    ...optional('updatePolicy', section(body, 'UpdatePolicy')),
    ...optional('metadata', section(body, 'Metadata')),
  };
}

function optional<Name extends string>(name: Name, value: Struct | undefined) {
  return (value === undefined ? {} : { [name]: value }) as { [key in Name]?: Struct };
}

function deletionPolicy(value: Value, at: string): DeletionPolicy {
  if (value === 'Delete' || value === 'Retain' || value === 'RetainExceptOnCreate') return value;
  throw invalid(`Template error: ${at} The lab does not support DeletionPolicy ${JSON.stringify(value)}`);
}

function updateReplacePolicy(value: Value, at: string): 'Delete' | 'Retain' {
  if (value === 'Delete' || value === 'Retain') return value;
  throw invalid(`Template error: ${at} The lab does not support UpdateReplacePolicy ${JSON.stringify(value)}`);
}

function readOutput(id: string, body: Struct): OutputDeclaration {
  for (const name of Object.keys(body)) {
    if (name !== 'Value' && name !== 'Description') {
      throw invalid(`Template format error: [/Outputs/${id}] The lab does not support ${name} of an output`);
    }
  }
  const { Value: value } = body;
  if (value === undefined) {
    throw invalid(`Template format error: [/Outputs/${id}] Every Outputs member must contain a Value object`);
  }
  const description = textAt(body, 'Description');
  return {
    value,
    ...(description === undefined ? {} : { description }),
  };
}

function invalid(message: string): AwsFailure {
  return new AwsFailure('ValidationError', message);
}
