// SPDX-License-Identifier: Apache-2.0
/**
 * A refusal of a call by AWS. The code that finds the reason throws it; the service's protocol decides how it is
 * written.
 */
export class AwsFailure extends Error {
  readonly code: string;
  readonly status: number;
  /** Headers of the answer; only S3's protocol sends them. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: string, message: string, status = 400, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'AwsFailure';
    this.code = code;
    this.status = status;
    this.headers = headers;
  }
}
