// SPDX-License-Identifier: Apache-2.0
/**
 * A crash at a chosen call to the file system: that call and every later one fails, the ones of `finally` blocks too,
 * so the disk is left as a power cut would leave it after the calls before. (Functions are replaced for the whole test
 * process: one at a time.)
 */
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const CHANGING = ['open', 'rename', 'rm', 'mkdir', 'copyFile', 'utimes', 'link', 'writeFile'] as const;

export class Crash extends Error {}

/** Runs the action and crashes at call number `at` (from 1); `crashed` is false when the action needed fewer calls. */
export async function crashingAt(at: number, action: () => Promise<void>): Promise<{ crashed: boolean }> {
  try {
    await watched(action, (number) => number >= at);
    return { crashed: false };
  } catch (error) {
    if (error instanceof Crash) {
      return { crashed: true };
    }
    throw error;
  }
}

/** Each call as its name and first argument. */
export async function countingCalls(action: () => Promise<void>): Promise<{ calls: readonly string[] }> {
  return { calls: await watched(action, () => false) };
}

/** Half of the text reaches the disk. */
async function tear(writeFile: typeof promises.writeFile, [path, text]: readonly unknown[]): Promise<void> {
  if (typeof path === 'string' && typeof text === 'string') {
    await writeFile(path, text.slice(0, text.length / 2));
  }
}

async function watched(action: () => Promise<void>, fails: (number: number) => boolean): Promise<readonly string[]> {
  const calls: string[] = [];
  const originals = CHANGING.map((name) => [name, promises[name]] as const);
  for (const [name, original] of originals) {
    Object.assign(promises, {
      [name]: async (...args: readonly unknown[]): Promise<unknown> => {
        calls.push(`${name} ${String(args[0])}`);
        if (fails(calls.length)) {
          if (name === 'writeFile') {
            await tear(original as typeof promises.writeFile, args);
          }
          throw new Crash(`crashed at call ${calls.length}, ${name}`);
        }
        return Reflect.apply(original, promises, args);
      },
    });
  }
  syncBuiltinESMExports();
  try {
    await action();
  } finally {
    for (const [name, original] of originals) {
      Object.assign(promises, { [name]: original });
    }
    syncBuiltinESMExports();
  }
  return calls;
}
