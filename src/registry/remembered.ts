// SPDX-License-Identifier: Apache-2.0
/**
 * Remembers how the last texts from the bucket were understood. Few of them ever change, and a node without a quorum
 * reads all of them at every look. All callers get the same object, so none of them may change it.
 */
const MOST_TEXTS = 512;
const LONGEST_TEXT = 65_536;

export function remembered<V>(understand: (text: string) => V): (text: string) => V {
  const known = new Map<string, V>();
  return (text) => {
    if (known.has(text)) return known.get(text) as V;
    const value = understand(text);
    if (text.length > LONGEST_TEXT) return value;
    if (known.size >= MOST_TEXTS) known.clear();
    known.set(text, value);
    return value;
  };
}
