// SPDX-License-Identifier: Apache-2.0

/** Requests under way at a time. */
const AT_ONCE = 200;

/** The same items in their order, as many at a time as are asked for together. */
export function batchesOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / AT_ONCE);
  return Array.from({ length: count }, (_, index) => items.slice(index * AT_ONCE, (index + 1) * AT_ONCE));
}
