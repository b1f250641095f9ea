// SPDX-License-Identifier: Apache-2.0
/** The limits of values, in one place. Options are checked here, parameters by AWS. */

/** A pattern that matches the whole value, as CloudFormation's AllowedPattern does, and the sentence for people. */
export interface Rule {
  readonly pattern: string;
  readonly sentence: string;
}

export function fits(rule: Rule, value: string): boolean {
  return new RegExp(`^(?:${rule.pattern})$`).test(value);
}

/**
 * AWS allows 128 characters. With 40, every name that CloudFormation makes from it contains the whole name (a role's
 * name has at most 64). So policies can name `orders-Role-*`.
 */
export const STACK_NAME: Rule = {
  pattern: '[A-Za-z][A-Za-z0-9-]{0,39}',
  sentence: 'A letter, then letters, digits and hyphens; at most 40.',
};
/** Of names that nodes of this product may have in it. */
export const ZONE: Rule = {
  pattern: 'Z[A-Z0-9]{1,31}:[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*',
  sentence: 'Id and name of a private hosted zone, such as Z0123456789ABCDEFGHIJ:internal.',
};
export const VPC_ID: Rule = {
  pattern: 'vpc-([0-9a-f]{8}|[0-9a-f]{17})',
  sentence: 'The id of a VPC, such as vpc-0123456789abcdef0.',
};
export const SUBNET_ID: Rule = {
  pattern: 'subnet-([0-9a-f]{8}|[0-9a-f]{17})',
  sentence: 'The id of a subnet, such as subnet-0123456789abcdef0.',
};
export const GROUP_ID: Rule = {
  pattern: 'sg-([0-9a-f]{8}|[0-9a-f]{17})',
  sentence: 'The id of a security group, such as sg-0123456789abcdef0.',
};
export const IMAGE_ID: Rule = {
  pattern: 'ami-([0-9a-f]{8}|[0-9a-f]{17})',
  sentence: 'The id of an image, such as ami-0123456789abcdef0.',
};
export const KEY_NAME: Rule = {
  pattern: '[\\x20-\\x7e]{1,255}',
  sentence: 'The name of a key pair: up to 255 printable ASCII characters.',
};
export const ROLE_NAME: Rule = {
  pattern: '[\\w+=,.@-]{1,64}',
  sentence: 'The name of a role, without its path and not its ARN: up to 64 letters, digits and +=,.@-_.',
};
export const INSTANCE_TYPE: Rule = {
  pattern: '[a-z][a-z0-9-]*\\.[a-z0-9-]+',
  sentence: 'An instance type such as t3.small.',
};
export const ENVIRONMENT: Rule = {
  pattern: '[A-Za-z0-9][A-Za-z0-9_.:/=+@ -]{0,63}',
  sentence: 'Up to 64 letters, digits, spaces and _.:/=+-@, a letter or digit first.',
};
/** CloudFormation accepts no days in durations. */
export const DURATION: Rule = {
  pattern: 'PT(?=\\d)(\\d{1,2}H)?(\\d{1,3}M)?(\\d{1,5}S)?',
  sentence: 'A duration such as PT30M, PT1H or PT90S.',
};
export const ROOT_DEVICE: Rule = {
  pattern: '/dev/[a-z0-9]{2,12}',
  sentence: 'The name of a device, such as /dev/xvda.',
};
/** The characters that every service takes. */
export const TAG_KEY: Rule = {
  pattern: '(?![aA][wW][sS]:)(?! )[A-Za-z0-9_.:/=+@ -]{1,127}(?<! )',
  sentence: 'A tag key: up to 127 letters, digits, spaces within and _.:/=+-@, not beginning with aws:.',
};
export const TAG_VALUE: Rule = {
  pattern: '[A-Za-z0-9_.:/=+@ -]{0,255}',
  sentence: 'A tag value: up to 255 letters, digits, spaces and _.:/=+-@.',
};

/** The most voters of a deployment; each further voter makes every write slower. */
export const HIGHEST_HOSTS = 31;
/** The highest size of a group. ZooKeeper's ids end at 255, and ids of terminated nodes become free late. */
export const MOST_HOSTS = 100;
/** Elastic IP 1: a pool of one can't replace its node. */
export const LEAST_ADDRESSES = 2;
/** Each address has three rules in each direction, and a security group has room for 60 of a direction. */
export const MOST_ADDRESSES = 15;
export const VOLUME_GIB = [8, 16_384] as const;
/** Lifecycle hooks: PutLifecycleHook, HeartbeatTimeout. */
export const HOOK_SECONDS = [30, 7_200] as const;
export const VOLUME_IOPS = { gp3: [3_000, 16_000], io2: [100, 64_000] } as const;
/** The retention values that PutRetentionPolicy accepts. */
export const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;
/** EC2 allows 50 tags per resource. Some of them are ours and CloudFormation's. */
export const MOST_TAGS = 30;
