// SPDX-License-Identifier: Apache-2.0
/** A rule of docs/protocol.md left out: one place of the agent's source replaced. */
export interface LeftOut {
  /** The rule, and what it says. */
  readonly rule: string;
  /** Below src. */
  readonly file: string;
  /** Stands in the file once. */
  readonly search: string;
  readonly replace: string;
}

export function withoutRule(source: string, { rule, file, search, replace }: LeftOut): string {
  if (source.split(search).length !== 2) throw new Error(`${rule}: ${file} does not hold once what is to be replaced.`);
  return source.replace(search, () => replace);
}
