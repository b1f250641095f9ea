// SPDX-License-Identifier: Apache-2.0
/** A creation or update policy that was not fulfilled. The resource's reason is exactly this message. */
export class PolicyFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PolicyFailure';
  }
}
