// SPDX-License-Identifier: Apache-2.0
/** An invariant that a history broke. `rule` names the checker, so that a mutation can say what it expects. */
export class Violation extends Error {
  readonly rule: string;

  constructor(rule: string, message: string) {
    super(`${rule}: ${message}`);
    this.name = 'Violation';
    this.rule = rule;
  }
}
