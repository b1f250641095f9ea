// SPDX-License-Identifier: Apache-2.0
/** What an update can't do: move a running ensemble to another kind of identity, or take addresses from it. */
import type { IdentityMode, TemplateOptions } from '../cf/template-options.ts';
import { DeployError } from './errors.ts';
import type { StackView } from './stack.ts';

/** Rejects with BAD_INPUT. A stack tells its mode by its outputs: with Elastic IPs it knows where its servers are. */
export function refuseOtherMode({ name, outputs }: StackView, { mode, addresses }: TemplateOptions): void {
  const { ConnectionString: fixed, ConnectionStringCommand: command, GroupName: group } = outputs;
  // A stack without its outputs has nothing that could be moved yet.
  if (group === undefined) return;
  const present: IdentityMode = command === undefined ? 'elastic-ip' : 'dynamic';
  if (mode !== present) {
    throw new DeployError(
      'BAD_INPUT',
      `The stack ${name} has the mode ${present}: an update can't move its nodes to --mode ${mode}.`,
      `Give --mode ${present}. For the other mode deploy a second stack, and move the data with "zk-agent zk export" and "import": see docs/runbook.md.`,
    );
  }
  if (mode === 'dynamic') return;
  const there = fixed?.split(',').length ?? 0;
  if (addresses >= there) return;
  throw new DeployError(
    'BAD_INPUT',
    `The stack ${name} has ${there} Elastic IPs, and --addresses ${addresses} would release some that members may have.`,
    `Give --addresses ${there} or more.`,
  );
}
