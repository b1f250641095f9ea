// SPDX-License-Identifier: Apache-2.0
/** What a document says of exit codes and the error codes beside them. */

/** The table after `| exit code |` and before `end`: exit code by error code. */
export function documentedExitCodes(text: string, end: string): Readonly<Record<string, number>> {
  const documented: Record<string, number> = {};
  let exitCode = 0;
  for (const row of text.slice(text.indexOf('| exit code |'), text.indexOf(end)).split('\n')) {
    const [, first = '', codes = ''] = row.split('|');
    // A row without a number goes on with the one above it.
    if (/\d/.test(first)) exitCode = Number(first);
    for (const [, code] of codes.matchAll(/`([A-Z_]+)`/g)) documented[code ?? ''] = exitCode;
  }
  return documented;
}
