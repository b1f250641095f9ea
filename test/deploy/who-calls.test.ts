// SPDX-License-Identifier: Apache-2.0
/** Wrong profile, region, expired token, wrong signature, unknown key: each has a sentence and a remedy of its own. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { call } from '../../deploy/aws.ts';
import { DeployError } from '../../deploy/errors.ts';
import { mustHaveProfile } from '../../deploy/profile.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const { signal } = new AbortController();

async function told(error: Error): Promise<DeployError> {
  const answer = await call('EC2 DescribeVpcs', signal, () => Promise.reject(error)).catch((one: unknown) => one);
  assert.ok(answer instanceof DeployError);
  return answer;
}

/** As the SDK throws it for an answer of AWS. */
function refusal(name: string): Error {
  return Object.assign(new Error('as AWS says it'), { name, $metadata: { httpStatusCode: 403 } });
}

const CASES = [
  ['ExpiredToken', 'NO_CREDENTIALS', /have expired/, /Log in again/],
  ['ExpiredTokenException', 'NO_CREDENTIALS', /have expired/, /Log in again/],
  ['SignatureDoesNotMatch', 'NO_CREDENTIALS', /secret key does not belong/, /both keys/],
  ['InvalidSignatureException', 'NO_CREDENTIALS', /secret key does not belong/, /both keys/],
  ['InvalidClientTokenId', 'NO_CREDENTIALS', /does not know the access key/, /region is enabled/],
  ['AuthFailure', 'NO_CREDENTIALS', /does not know the access key/, /region is enabled/],
  ['UnauthorizedOperation', 'AWS_DENIED', /denied EC2 DescribeVpcs/, /permissions/],
] as const;

for (const [name, code, message, next] of CASES) {
  test(`${name} is ${code}`, async () => {
    const error = await told(refusal(name));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.match(error.message, /as AWS says it/);
    assert.match(error.next, next);
  });
}

test('a region that does not exist is a host that nobody knows', async () => {
  const hostname = 'ec2.eu-wst-1.amazonaws.com';
  const error = await told(
    Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND', hostname }),
  );
  assert.match(error.message, /no host ec2\.eu-wst-1\.amazonaws\.com/);
  assert.match(error.next, /--region/);
});

test('a profile that stands in no file is told, with the nearest name; others are the business of the SDK', async () => {
  await using directory = await temporaryDirectory();
  const config = join(directory.path, 'config');
  await writeFile(config, '[default]\nregion = eu-west-1\n[profile orders]\nregion = eu-west-1\n');
  const environment = { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: join(directory.path, 'credentials') };
  await mustHaveProfile(undefined, environment);
  await mustHaveProfile('default', environment);
  await mustHaveProfile('orders', environment);
  await mustHaveProfile(undefined, { ...environment, AWS_PROFILE: 'orders' });
  await assert.rejects(mustHaveProfile('odrers', environment), (error) => {
    assert.ok(error instanceof DeployError && error.code === 'BAD_INPUT');
    return /no profile "odrers" .*Did you mean orders\?$/.test(error.message);
  });
  await assert.rejects(mustHaveProfile(undefined, { ...environment, AWS_PROFILE: 'billing' }), /no profile "billing"/);
});
