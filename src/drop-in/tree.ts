// SPDX-License-Identifier: Apache-2.0
/** Calls that are several requests. */
import { Exception, exceptionOf } from './exception.ts';

/** One request each, which rejects with an Exception. */
type PathRequest<Reply> = (path: string) => Promise<Reply>;

/** How many requests of one call are under way. */
const AT_ONCE = 50;

/** Every path from the first name to the whole. */
export function pathsTo(path: string): readonly string[] {
  const names = path.split('/').filter((name) => name !== '');
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
}

interface FailedPath {
  readonly path: string;
  readonly error: Exception;
}

/** One after the other; what is there already stays. Returns the first path that could not be made. */
export async function createEach(
  paths: readonly string[],
  create: PathRequest<unknown>,
): Promise<FailedPath | undefined> {
  for (const path of paths) {
    const error = await create(path).then(
      () => undefined,
      (reason: unknown) => exceptionOf(reason),
    );
    if (error !== undefined && error.code !== Exception.NODE_EXISTS) return { path, error };
  }
  return undefined;
}

/** The paths of the znode and of all below it, by level. What is deleted meanwhile may be missing. */
export async function levelsOf(root: string, childrenOf: PathRequest<readonly string[]>): Promise<string[][]> {
  const levels: string[][] = [];
  for (let level = [root]; level.length > 0; ) {
    levels.push(level);
    const lists = await forEach(level, async (parent) => {
      const names = (await childrenOf(parent).catch(unlessGone(parent !== root))) ?? [];
      return names.map((name) => (parent === '/' ? `/${name}` : `${parent}/${name}`));
    });
    level = lists.flat();
  }
  return levels;
}

/** Removes them from the deepest level up. What is gone already counts as removed, except the root of the tree. */
export async function removeLevels(levels: readonly string[][], remove: PathRequest<unknown>): Promise<void> {
  const root = levels[0]?.[0];
  for (const level of [...levels].reverse()) {
    await forEach(level, (path) => remove(path).catch(unlessGone(path !== root)));
  }
}

/** A rejection handler that passes over NO_NODE where that is allowed. */
function unlessGone(isAllowed: boolean): (error: unknown) => undefined {
  return (error) => {
    if (isAllowed && error instanceof Exception && error.code === Exception.NO_NODE) return undefined;
    throw error;
  };
}

async function forEach<Reply>(paths: readonly string[], ask: PathRequest<Reply>): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    replies.push(...(await Promise.all(paths.slice(at, at + AT_ONCE).map(ask))));
  }
  return replies;
}
