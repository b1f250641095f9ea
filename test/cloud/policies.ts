// SPDX-License-Identifier: Apache-2.0
/** The local AWS's own reading of policies, for tests that hold a policy of ours against it. */
export { knownActions } from '../../cloud/iam/actions/tables.ts';
export { type ContextValue, contextOf } from '../../cloud/iam/context.ts';
export { evaluate } from '../../cloud/iam/evaluate.ts';
export { type Policy, readPolicy } from '../../cloud/iam/policy.ts';
