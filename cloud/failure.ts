// SPDX-License-Identifier: Apache-2.0
/** An answer by which AWS refuses a call; thrown by whoever finds out, written out in the protocol of the service. */
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
