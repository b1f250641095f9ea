// SPDX-License-Identifier: Apache-2.0
import type { ExplainedError } from './explained-error.ts';
import type { Terminal } from './terminal.ts';

/** Shows a person the error that ended a command. With `json`, also prints it as one JSON object among the results. */
export function tell(terminal: Terminal, error: ExplainedError<string>, json: boolean): void {
  const { code, message, next, cause } = error;
  terminal.progress();
  terminal.line(`${code}: ${message}`, 'red');
  terminal.line(next);
  if (code === 'INTERNAL') terminal.line((cause instanceof Error ? cause : error).stack ?? '', 'dim');
  if (json) terminal.result(JSON.stringify({ error: { code, message, next } }));
}
