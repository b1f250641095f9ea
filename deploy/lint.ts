// SPDX-License-Identifier: Apache-2.0
/** cfn-lint, where it is installed. */
import { lintTemplate } from '../cf/lint.ts';
import { messageOf } from './aws.ts';
import type { DeployContext } from './context.ts';
import { DeployError } from './errors.ts';

/** Rejects with LINT_FAILED, whose message has a line for each finding. */
export async function lint({ terminal, signal }: DeployContext, templateBody: string): Promise<void> {
  terminal.progress('cfn-lint looks at the template');
  const { installed, findings } = await lintTemplate(templateBody, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw failed(messageOf(error), error);
  });
  terminal.progress();
  if (!installed) terminal.line('cfn-lint is not installed, so nobody looked at the template.', 'dim');
  if (findings.length > 0) throw failed(`cfn-lint found this in the template:\n${findings.join('\n')}`);
}

function failed(message: string, cause?: unknown): DeployError {
  return new DeployError('LINT_FAILED', message, 'Nothing was changed. Correct it, or give --no-lint.', cause);
}
