// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A JSON schema as the CloudFormation registry uses it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly (string | number | boolean)[];
  readonly const?: string | number | boolean;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** AWS's own description of a resource type. The lists contain JSON pointers: `/properties/GroupName`. */
export interface ResourceSchema extends Schema {
  readonly typeName: string;
  readonly properties: Readonly<Record<string, Schema>>;
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly createOnlyProperties?: readonly string[];
  readonly conditionalCreateOnlyProperties?: readonly string[];
  readonly readOnlyProperties?: readonly string[];
  readonly requiredXor?: readonly string[];
  readonly tagging?: {
    readonly taggable?: boolean;
    readonly tagProperty?: string;
    readonly cloudFormationSystemTags?: boolean;
  };
}

export type SchemaOf = (type: string) => ResourceSchema | undefined;

/** Reads the schemas of the CloudFormation registry from cfn-lint, in moto's virtual environment. */
export function registrySchemas(environment: string): SchemaOf {
  const data = join(cfnLint(environment), 'data', 'schemas');
  const loaded = new Map<string, ResourceSchema>();
  let index: Readonly<Record<string, string>> | undefined;
  return (type) => {
    const known = loaded.get(type);
    if (known !== undefined) return known;
    index ??= readJson(join(data, 'providers', 'us-east-1.json')) as Readonly<Record<string, string>>;
    const name = index[type];
    if (name === undefined) return undefined;
    const schema = readJson(join(data, 'resources', `${name}.json`)) as ResourceSchema;
    loaded.set(type, schema);
    return schema;
  };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function cfnLint(environment: string): string {
  const lib = join(environment, 'lib');
  const python = readdirSync(lib).find((name) => name.startsWith('python3'));
  if (python === undefined) throw new Error(`there is no Python in ${environment}`);
  return join(lib, python, 'site-packages', 'cfnlint');
}

/** The schema to which a `$ref` leads. */
export function followed(root: ResourceSchema, schema: Schema): Schema {
  const name = /^#\/definitions\/(.+)$/.exec(schema.$ref ?? '')?.[1];
  if (schema.$ref === undefined) return schema;
  const found = name === undefined ? undefined : root.definitions?.[name];
  if (found === undefined) throw new Error(`the schema of ${root.typeName} lacks ${schema.$ref}`);
  return followed(root, found);
}

/** The top-level names in a list of JSON pointers. */
export function topLevel(pointers: readonly string[] | undefined): readonly string[] {
  return [...new Set((pointers ?? []).map((pointer) => pointer.split('/')[2] ?? ''))];
}
