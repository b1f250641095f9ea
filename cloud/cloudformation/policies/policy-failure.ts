// SPDX-License-Identifier: Apache-2.0
/** A creation or update policy that was not fulfilled. Its message is the resource's reason, word for word. */
export class PolicyFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PolicyFailure';
  }
}
