// SPDX-License-Identifier: Apache-2.0
/**
 * The base of every error that a person reads: of the agent, of deploy.sh and of build.sh. The message says what
 * happened, and to what. `Code` is the list of all codes of one program.
 */
export class ExplainedError<Code extends string> extends Error {
  /** Stable, for scripts and for the runbook. */
  readonly code: Code;
  /** What the person should do next, in one sentence. */
  readonly next: string;

  constructor(code: Code, message: string, next: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.next = next;
  }
}
