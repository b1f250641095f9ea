// SPDX-License-Identifier: Apache-2.0
/** The services that the gateway answers for, by their names in the credential scope. */
export const SERVICES = ['ec2', 'autoscaling', 'cloudformation', 'logs', 's3', 'route53', 'iam', 'sts'] as const;
