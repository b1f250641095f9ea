// SPDX-License-Identifier: Apache-2.0
/**
 * The lines of an export. The first is `{"format":1,"path":"/orders"}`, and each other one is a znode, parents first.
 * Paths are relative to the top, which has the path "". Data is base64. An ACL that every znode has by default is left
 * out, and so is what a plain znode lacks.
 */
import { type Acl, OPEN_ACL, type Stat } from '../client/index.ts';
import { counterOf } from './counter.ts';
import { ZkError } from './zk-error.ts';

export const FORMAT = 1;

export interface ExportHead {
  readonly format: typeof FORMAT;
  readonly path: string;
}

export interface ZnodeLine {
  readonly path: string;
  readonly data: string;
  readonly acl?: Acl;
  readonly container?: boolean;
  readonly ttlMs?: number;
  /** Where the numbers of sequential children go on. */
  readonly counter?: number;
}

const CONTAINER_OWNER = -(2n ** 63n);
const TTL_MARK = 0xffn;
const TTL_BITS = (1n << 40n) - 1n;

/** What kind a znode is, from its ephemeralOwner. Source: EphemeralType of 3.9. */
export function kindOf({ ephemeralOwner }: Stat): { ephemeral?: true; container?: true; ttlMs?: number } {
  if (ephemeralOwner === 0n) return {};
  if (ephemeralOwner === CONTAINER_OWNER) return { container: true };
  const bits = BigInt.asUintN(64, ephemeralOwner);
  return bits >> 56n === TTL_MARK ? { ttlMs: Number(bits & TTL_BITS) } : { ephemeral: true };
}

/** Undefined for an ephemeral znode, which ends with its session. */
export function lineOf(path: string, data: Buffer, stat: Stat, acl: Acl): ZnodeLine | undefined {
  const { ephemeral, ...kind } = kindOf(stat);
  if (ephemeral) return undefined;
  const counter = counterOf(stat);
  return {
    path,
    data: data.toString('base64'),
    ...(isOpen(acl) ? {} : { acl }),
    ...kind,
    ...(counter === 0 ? {} : { counter }),
  };
}

function isOpen(acl: Acl): boolean {
  return JSON.stringify(acl) === JSON.stringify(OPEN_ACL);
}

/** Throws a ZkError that names the line, counted from 1, when the text is no export. */
export function readExport(text: string): { readonly head: ExportHead; readonly znodes: readonly ZnodeLine[] } {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const [head, ...znodes] = lines.map((line, index) => parseLine(line, index + 1));
  if (head?.format !== FORMAT || typeof head.path !== 'string') {
    throw new ZkError('BAD_EXPORT', `The first line is not {"format":${FORMAT},"path":…}.`);
  }
  for (const [index, znode] of znodes.entries()) {
    const problem = problemOf(znode, index === 0);
    if (problem !== undefined) throw new ZkError('BAD_EXPORT', `Line ${index + 2}: ${problem}`);
  }
  return { head: { format: FORMAT, path: head.path }, znodes: znodes as unknown as ZnodeLine[] };
}

function parseLine(line: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new ZkError('BAD_EXPORT', `Line ${number} is no JSON object.`);
}

function problemOf({ path, data, acl, container, ttlMs, counter }: Record<string, unknown>, first: boolean) {
  if (typeof path !== 'string' || (path === '') !== first || !/^$|^\//.test(path)) {
    return 'its path is missing or wrong.';
  }
  if (typeof data !== 'string') return 'it has no data.';
  if (acl !== undefined && !(Array.isArray(acl) && acl.every(isEntry))) {
    return 'its acl is not a list of permissions, scheme and id.';
  }
  if (container !== undefined && typeof container !== 'boolean') return 'container is neither true nor false.';
  const numbers = [ttlMs, counter].filter((value) => value !== undefined);
  return numbers.every(Number.isSafeInteger) ? undefined : 'ttlMs and counter have to be whole numbers.';
}

function isEntry(entry: unknown): boolean {
  const { permissions, scheme, id } = (entry ?? {}) as Record<string, unknown>;
  return Number.isSafeInteger(permissions) && typeof scheme === 'string' && typeof id === 'string';
}
