// SPDX-License-Identifier: Apache-2.0
/**
 * Runs each task when all tasks that it needs are done; otherwise tasks run at the same time. After the first failure
 * no further task starts. With `goOn`, only the tasks that need a failed one do not start. Resolves after the last task
 * with the failures, in the order in which they came. `failed` is called for each failure at once.
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

/** The same graph in the other direction: the tasks that need this one are done before it. */
export function reversed(needs: ReadonlyMap<string, ReadonlySet<string>>): ReadonlyMap<string, ReadonlySet<string>> {
  const result = new Map<string, Set<string>>([...needs.keys()].map((id) => [id, new Set()]));
  for (const [id, mine] of needs) for (const need of mine) result.get(need)?.add(id);
  return result;
}
