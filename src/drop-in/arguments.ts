// SPDX-License-Identifier: Apache-2.0
/** What callers pass in. Whatever is wrong with it is thrown at once, as an AssertionError, and nothing is sent. */
import { AssertionError } from 'node:assert';

export function check(holds: boolean, message: string): asserts holds {
  if (!holds) throw new AssertionError({ message, stackStartFn: check });
}

export function checkPath(path: string): void {
  check(typeof path === 'string' && path !== '', 'the path must be a string that is not empty');
  check(path.startsWith('/'), `the path must start with /: ${path}`);
  if (path === '/') return;
  check(!path.endsWith('/'), `the path must not end with /: ${path}`);
  const names = path.slice(1).split('/');
  check(!names.includes(''), `the path must have no empty name in it: ${path}`);
  check(!names.includes('.') && !names.includes('..'), `the path must have no relative name in it: ${path}`);
}

export function checkCallback(callback: unknown): void {
  check(typeof callback === 'function', 'callback must be a function');
}

export function checkVersion(version: unknown): void {
  check(typeof version === 'number', 'version must be a number');
}

/** Not given, data is null. */
export function checkData(data: unknown): void {
  check(data === null || data === undefined || Buffer.isBuffer(data), 'data must be a Buffer, null or undefined');
}

export function checkAcls(acls: unknown): void {
  check(Array.isArray(acls) && acls.length > 0, 'acls must be an array that is not empty');
}

/** Takes apart `[version, callback]` and `[callback]`. */
export function versionThen<Callback>(given: readonly (number | Callback | undefined)[]): {
  readonly version: number;
  readonly callback: Callback;
} {
  const [version, callback] = given.length > 1 && given[1] !== undefined ? given : [-1, given[0]];
  checkCallback(callback);
  checkVersion(version);
  return { version: version as number, callback: callback as Callback };
}

/** Takes apart `[watcher, callback]` and `[callback]`. */
export function watcherThen<Watcher, Callback>(
  given: readonly (Watcher | Callback | null | undefined)[],
): {
  readonly watcher: Watcher | undefined;
  readonly callback: Callback;
} {
  const [watcher, callback] = given.length > 1 && given[1] !== undefined ? given : [undefined, given[0]];
  checkCallback(callback);
  const has = watcher !== null && watcher !== undefined;
  check(!has || typeof watcher === 'function', 'watcher must be a function');
  return { watcher: has ? (watcher as Watcher) : undefined, callback: callback as Callback };
}
