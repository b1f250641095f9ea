// SPDX-License-Identifier: Apache-2.0
/**
 * Runs every task once all those are done that it needs, otherwise at the same time. After the first failure no further
 * one starts, or with `goOn` none of those that need what failed. Resolves when the last has ended, with the failures
 * in the order in which they came; `failed` hears of each at once.
 */
export async function walk(
  needs: ReadonlyMap<string, ReadonlySet<string>>,
  run: (id: string) => Promise<void>,
  { goOn = false, failed = () => {} }: { goOn?: boolean; failed?: () => void } = {},
): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  const started = new Map<string, Promise<boolean>>();
  const start = (id: string): Promise<boolean> => {
    const known = started.get(id);
    if (known !== undefined) return known;
    const done = task(id);
    started.set(id, done);
    return done;
  };
  const task = async (id: string): Promise<boolean> => {
    // Needs outside of the walk count as done.
    const before = [...(needs.get(id) ?? [])].filter((need) => needs.has(need)).map(start);
    if (!(await Promise.all(before)).every(Boolean) || (failures.length > 0 && !goOn)) return false;
    try {
      await run(id);
      return true;
    } catch (error) {
      failures.push(error);
      failed();
      return false;
    }
  };
  await Promise.all([...needs.keys()].map(start));
  return failures;
}

/** The same graph from its other end: who needs me has to be done first. */
export function reversed(needs: ReadonlyMap<string, ReadonlySet<string>>): ReadonlyMap<string, ReadonlySet<string>> {
  const result = new Map<string, Set<string>>([...needs.keys()].map((id) => [id, new Set()]));
  for (const [id, mine] of needs) for (const need of mine) result.get(need)?.add(id);
  return result;
}
