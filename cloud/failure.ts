// SPDX-License-Identifier: Apache-2.0
/**
 * A refusal of a call by AWS. The code that finds the reason throws it; the service's protocol decides how it is
 * written.
 */
export class AwsFailure extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'AwsFailure';
    this.code = code;
    this.status = status;
  }
}
