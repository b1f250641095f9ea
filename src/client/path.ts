// SPDX-License-Identifier: Apache-2.0
import { ZookeeperError } from './errors.ts';

/**
 * What is wrong with a path, as BAD_REQUEST. No server accepts such a path, so the client never sends it. The path of a
 * sequential znode may end in a slash: its name is then only the number. Source: PathUtils.validatePath.
 */
export function pathProblem(path: string, sequential: boolean): ZookeeperError | undefined {
  const why = faultOf(sequential ? `${path}1` : path);
  return why === undefined ? undefined : new ZookeeperError('BAD_REQUEST', `the path ${JSON.stringify(path)} ${why}`);
}

function faultOf(path: string): string | undefined {
  if (path === '/') return undefined;
  if (path.charCodeAt(0) !== SLASH) return 'does not begin with a slash';
  if (path.charCodeAt(path.length - 1) === SLASH) return 'ends with a slash';
  let start = 1;
  for (let index = 1; index <= path.length; index++) {
    const unit = index === path.length ? SLASH : path.charCodeAt(index);
    if (unit === SLASH) {
      const length = index - start;
      if (length === 0) return 'has an empty name in it';
      if (isDots(path, start, length)) return 'has a relative name in it';
      start = index + 1;
    } else if (isForbidden(unit)) {
      return `has a character that is not allowed at position ${index}`;
    }
  }
  return undefined;
}

const SLASH = 0x2f;
const DOT = 0x2e;

function isDots(path: string, start: number, length: number): boolean {
  if (length > 2 || path.charCodeAt(start) !== DOT) return false;
  return length === 1 || path.charCodeAt(start + 1) === DOT;
}

/** Control characters, surrogates, the private use area, and the specials at the end of the basic plane. */
function isForbidden(unit: number): boolean {
  return unit < 0x20 || (unit >= 0x7f && (unit <= 0x9f || (unit >= 0xd800 && unit <= 0xf8ff) || unit >= 0xfff0));
}
