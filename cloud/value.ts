// SPDX-License-Identifier: Apache-2.0
/** Parameters and answers as plain data. Timestamps and blobs (base64) stay strings. */
export type Value = string | number | boolean | readonly Value[] | Struct;
export interface Struct {
  readonly [name: string]: Value;
}

export function isStruct(value: unknown): value is Struct {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function structAt(struct: Struct | undefined, name: string): Struct | undefined {
  const value = struct?.[name];
  return isStruct(value) ? value : undefined;
}

export function textAt(struct: Struct | undefined, name: string): string | undefined {
  const value = struct?.[name];
  return typeof value === 'string' ? value : undefined;
}

export function numberAt(struct: Struct | undefined, name: string): number | undefined {
  const value = struct?.[name];
  return typeof value === 'number' ? value : undefined;
}

export function flagAt(struct: Struct | undefined, name: string): boolean | undefined {
  const value = struct?.[name];
  return typeof value === 'boolean' ? value : undefined;
}

export function textsAt(struct: Struct | undefined, name: string): readonly string[] {
  const value = struct?.[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function structsAt(struct: Struct | undefined, name: string): readonly Struct[] {
  const value = struct?.[name];
  return Array.isArray(value) ? value.filter(isStruct) : [];
}
