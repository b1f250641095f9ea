// SPDX-License-Identifier: Apache-2.0
/** Tables on standard output. */

/** The characters that fit on a line. A terminal that does not know its size says 0. */
export function width(): number {
  return (process.stdout.isTTY && process.stdout.columns) || Number.POSITIVE_INFINITY;
}

/** Each column is as wide as its widest cell. The last one is cut to the terminal's width. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  const limit = width();
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .slice(0, limit)
      .trimEnd(),
  );
}
