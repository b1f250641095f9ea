// SPDX-License-Identifier: Apache-2.0
/** The last error of a server's log, as a line for people. */

/** A server that ends later than this after its start did not fail at its start. */
export const SOON_MS = 120_000;

const LONGEST = 400;
const ERROR_LINE = /\b(ERROR|FATAL)\b|^(Error|Exception|Unrecognized|OpenJDK .*(error|warning))|\bjava: |^\/bin\/sh: /;
/** The last line of a server that ends. It says nothing about the reason. */
const LAST_WORD = /Exiting JVM with code/;
const EXCEPTION_LINE = /^(?:\t|\s)*(?:Caused by: )?(?:[a-z]\w*\.)+\w*(?:Exception|Error)\b.*$/;

/** The last line that reports an error, and the deepest cause after it. Undefined when there is none. */
export function lastErrorOf(log: string): string | undefined {
  const lines = log.split('\n').map((line) => line.trimEnd());
  const at = lines.findLastIndex((line) => ERROR_LINE.test(line) && !LAST_WORD.test(line));
  const begin = at < 0 ? lines.findLastIndex((line) => EXCEPTION_LINE.test(line)) : at;
  const line = lines[begin];
  if (line === undefined) return undefined;
  const causes = lines.slice(begin + 1).filter((each) => EXCEPTION_LINE.test(each));
  const cause = causes.findLast((each) => each.includes('Caused by: ')) ?? causes[0];
  return [line, cause?.trim()]
    .filter((part) => part !== undefined)
    .join(' | ')
    .slice(0, LONGEST);
}
