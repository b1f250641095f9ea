// SPDX-License-Identifier: Apache-2.0
/** Changes the policy of the nodes' role where it stands, in the template of the stack that runs. */
import assert from 'node:assert/strict';
import { DescribeStacksCommand, GetTemplateCommand, UpdateStackCommand } from '@aws-sdk/client-cloudformation';
import type { TestLab } from './lab.ts';
import { waitFor } from './wait-for.ts';

const LIMIT_MS = 120_000;

interface RoleTemplate {
  readonly Resources: {
    readonly Role: {
      readonly Properties: {
        readonly Policies: readonly { readonly PolicyDocument: { Statement: { readonly Action: string[] }[] } }[];
      };
    };
  };
}

/**
 * The stack without this action in any statement of its role's policy while something happens; afterwards it is as
 * before.
 */
export async function withoutAction(lab: TestLab, action: string, happens: () => Promise<void>): Promise<void> {
  const { cloudFormation } = lab.lab.operator;
  const { TemplateBody = '' } = await cloudFormation.send(new GetTemplateCommand({ StackName: lab.lab.name }));
  const changed = JSON.parse(TemplateBody) as RoleTemplate;
  let removed = 0;
  for (const { PolicyDocument } of changed.Resources.Role.Properties.Policies) {
    PolicyDocument.Statement = PolicyDocument.Statement.map((statement) => {
      const left = statement.Action.filter((one) => one !== action);
      removed += statement.Action.length - left.length;
      return { ...statement, Action: left };
    }).filter(({ Action }) => Action.length > 0);
  }
  assert.ok(removed > 0, `The policy allows ${action}.`);
  await updateTo(lab, JSON.stringify(changed));
  await happens();
  await updateTo(lab, TemplateBody);
}

async function updateTo(lab: TestLab, TemplateBody: string): Promise<void> {
  const { cloudFormation } = lab.lab.operator;
  const StackName = lab.lab.name;
  const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
  const Parameters = (Stacks[0]?.Parameters ?? []).map(({ ParameterKey }) => ({
    ParameterKey,
    UsePreviousValue: true,
  }));
  const Capabilities = ['CAPABILITY_IAM' as const];
  await cloudFormation.send(new UpdateStackCommand({ StackName, TemplateBody, Parameters, Capabilities }));
  await waitFor(
    async () => {
      const answer = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
      return answer.Stacks?.[0]?.StackStatus === 'UPDATE_COMPLETE';
    },
    { limitMs: LIMIT_MS, why: 'the stack is updated' },
  );
}
