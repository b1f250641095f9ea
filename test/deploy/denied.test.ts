// SPDX-License-Identifier: Apache-2.0
/** A person with too few permissions is told which one is missing, and where they are listed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployerPolicy } from '../../cf/deployer-policy.ts';
import { deploy } from '../../deploy/deploy.ts';
import type { DeployError } from '../../deploy/errors.ts';
import { LocalAws } from '../cloud/local-aws.ts';
import { clientsOf, deployer, giveWayOut, makeAccount, optionsFor } from './support/account.ts';

/** Deploys with the documented policy but for this action, and returns the error with what was shown before it. */
async function without(action: string): Promise<{ readonly error: DeployError; readonly text: string }> {
  const documented = deployerPolicy();
  const Statement = documented.Statement.map((statement) => ({
    ...statement,
    Action: 'Action' in statement ? statement.Action.filter((one) => one !== action) : undefined,
  }));
  const local = await LocalAws.start({ deployerPolicy: { ...documented, Statement } });
  using aws = clientsOf(local, 'deployer');
  try {
    const account = await makeAccount(local);
    await giveWayOut(local, account);
    const context = deployer(aws);
    const error = await deploy(optionsFor(account, 'orders', { numhosts: 1 }), context).then(
      () => assert.fail('the deployment has to be denied'),
      (one: DeployError) => one,
    );
    return { error, text: context.terminal.text };
  } finally {
    await local.close();
  }
}

test('a call of deploy.sh itself that is denied', async () => {
  const { error } = await without('cloudformation:CreateChangeSet');
  assert.equal(error.code, 'AWS_DENIED');
  assert.match(
    error.message,
    /AWS denied CloudFormation CreateChangeSet \(AccessDenied.*cloudformation:CreateChangeSet/,
  );
  assert.match(error.next, /docs\/deploying\.md/);
});

test("a call that CloudFormation makes in the person's name", async () => {
  const { error } = await without('iam:CreateRole');
  assert.equal(error.code, 'DEPLOYMENT_FAILED');
  assert.match(error.message, /ROLLBACK_COMPLETE.*\nFirst cause: Role \(AWS::IAM::Role\): .*iam:CreateRole/);
  assert.match(error.next, /Compare your permissions/);
});
