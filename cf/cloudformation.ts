// SPDX-License-Identifier: Apache-2.0
/** The shape of a CloudFormation template, as far as this project uses it, and the intrinsic functions. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export interface Parameter {
  readonly Type: string;
  readonly Description: string;
  readonly Default: string;
  readonly AllowedValues?: readonly string[];
  readonly AllowedPattern?: string;
  readonly ConstraintDescription?: string;
  readonly MinValue?: number;
  readonly MaxValue?: number;
}

export interface Resource {
  readonly Type: string;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: 'Delete' | 'Retain' | 'RetainExceptOnCreate';
  readonly UpdateReplacePolicy?: 'Delete' | 'Retain';
  readonly CreationPolicy?: JsonObject;
  readonly UpdatePolicy?: JsonObject;
  readonly Properties: JsonObject;
}

export type Resources = { readonly [logicalId: string]: Resource };

export interface Output {
  readonly Description: string;
  readonly Value: Json;
}

export interface Template {
  readonly AWSTemplateFormatVersion: '2010-09-09';
  readonly Description: string;
  readonly Metadata: JsonObject;
  readonly Parameters: { readonly [name: string]: Parameter };
  readonly Resources: Resources;
  readonly Outputs: { readonly [name: string]: Output };
}

export function ref(logicalId: string): JsonObject {
  return { Ref: logicalId };
}

export function getAtt(logicalId: string, attribute: string): JsonObject {
  return { 'Fn::GetAtt': [logicalId, attribute] };
}

export function join(delimiter: string, parts: readonly Json[]): JsonObject {
  return { 'Fn::Join': [delimiter, parts] };
}

/** `Fn::Sub`; `${Name}` stands for a parameter, a resource or one of the variables. */
export function sub(text: string, variables?: JsonObject): JsonObject {
  return { 'Fn::Sub': variables === undefined ? text : [text, variables] };
}

/** Escapes a text so that `Fn::Sub` does not change it. */
export function literal(text: string): string {
  return text.replaceAll('${', '${!');
}
