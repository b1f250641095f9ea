// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** One use of a shape: as a member of a structure, of a list, or as input or output. */
export interface ShapeUse {
  readonly shape: string;
  readonly locationName?: string;
  readonly queryName?: string;
  readonly location?: 'uri' | 'querystring' | 'header' | 'headers' | 'statusCode';
  readonly flattened?: boolean;
  readonly documentation?: string;
}

/** A shape of botocore's `service-2.json`. */
export interface Shape {
  readonly type: string;
  readonly members?: Readonly<Record<string, ShapeUse>>;
  readonly required?: readonly string[];
  readonly member?: ShapeUse;
  readonly key?: ShapeUse;
  readonly value?: ShapeUse;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly flattened?: boolean;
  readonly payload?: string;
}

export interface ApiOperation {
  readonly name: string;
  readonly http: { readonly method: string; readonly requestUri: string; readonly responseCode?: number };
  readonly input?: ShapeUse;
  readonly output?: ShapeUse & { readonly resultWrapper?: string };
}

export type Protocol = 'ec2' | 'query' | 'json' | 'rest-xml';

/** AWS's own description of one of its services, from botocore. */
export interface ApiModel {
  readonly service: string;
  readonly protocol: Protocol;
  readonly metadata: {
    readonly apiVersion: string;
    readonly xmlNamespace?: string;
    readonly targetPrefix?: string;
    readonly jsonVersion?: string;
  };
  readonly operations: Readonly<Record<string, ApiOperation>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

const PROTOCOLS: readonly string[] = ['ec2', 'query', 'json', 'rest-xml'] satisfies Protocol[];

export type ModelOf = (service: string) => ApiModel;

/**
 * Reads models from the botocore in moto's virtual environment, each when it is first needed (EC2's, the largest, takes
 * 50 ms). `service` is the name in the credential scope, and also the name of botocore's directory.
 */
export function botocoreModels(environment: string): ModelOf {
  const data = join(botocore(environment), 'data');
  const loaded = new Map<string, ApiModel>();
  return (service) => {
    const model = loaded.get(service) ?? load(data, service);
    loaded.set(service, model);
    return model;
  };
}

function botocore(environment: string): string {
  const lib = join(environment, 'lib');
  const python = readdirSync(lib).find((name) => name.startsWith('python3'));
  if (python === undefined) throw new Error(`there is no Python in ${environment}`);
  return join(lib, python, 'site-packages', 'botocore');
}

function load(data: string, service: string): ApiModel {
  // Older versions describe an API that is no longer used. The names are dates, so the last one is the newest.
  const version = readdirSync(join(data, service)).sort().at(-1) ?? '';
  const text = gunzipSync(readFileSync(join(data, service, version, 'service-2.json.gz'))).toString('utf8');
  const model = JSON.parse(text) as Omit<ApiModel, 'service' | 'protocol'> & { metadata: { protocol: string } };
  const protocol = model.metadata.protocol;
  if (!isProtocol(protocol)) throw new Error(`the gateway does not speak ${protocol}, the protocol of ${service}`);
  return { ...model, service, protocol };
}

function isProtocol(name: string): name is Protocol {
  return PROTOCOLS.includes(name);
}

export function shapeOf(model: ApiModel, use: ShapeUse): Shape {
  const shape = model.shapes[use.shape];
  if (shape === undefined) throw new Error(`the model of ${model.service} lacks its shape ${use.shape}`);
  return shape;
}
