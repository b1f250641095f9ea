// SPDX-License-Identifier: Apache-2.0
import { autoScalingGroup } from './auto-scaling-group.ts';
import { bucket } from './bucket.ts';
import { bucketPolicy } from './bucket-policy.ts';
import { elasticIp } from './elastic-ip.ts';
import type { ResourceHandler } from './handler.ts';
import { hostedZone } from './hosted-zone.ts';
import { instanceProfile } from './instance-profile.ts';
import { launchTemplate } from './launch-template.ts';
import { logGroup } from './log-group.ts';
import { role } from './role.ts';
import { securityGroup } from './security-group.ts';
import { securityGroupEgress, securityGroupIngress } from './security-group-rule.ts';

const HANDLERS = new Map(
  [
    autoScalingGroup,
    bucket,
    bucketPolicy,
    elasticIp,
    hostedZone,
    instanceProfile,
    launchTemplate,
    logGroup,
    role,
    securityGroup,
    securityGroupEgress,
    securityGroupIngress,
  ].map((handler): [string, ResourceHandler] => [handler.type, handler]),
);

/** Undefined for a type that the lab does not support. */
export function handlerOf(type: string): ResourceHandler | undefined {
  return HANDLERS.get(type);
}
