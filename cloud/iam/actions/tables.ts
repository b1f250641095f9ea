// SPDX-License-Identifier: Apache-2.0
import { AUTO_SCALING_ACTIONS } from './auto-scaling.ts';
import { CLOUDFORMATION_ACTIONS } from './cloudformation.ts';
import { EC2_ACTIONS } from './ec2.ts';
import type { ActionRule, ActionTable } from './element.ts';
import { IAM_ACTIONS, IAM_RIGHTS } from './iam.ts';
import { LOGS_ACTIONS } from './logs.ts';
import { ROUTE53_ACTIONS } from './route53.ts';
import { S3_ACTIONS } from './s3.ts';

/** Every caller may ask for its own identity. Only EC2 may assume roles. */
const STS_ACTIONS: ActionTable = {
  GetCallerIdentity: { action: 'GetCallerIdentity', keys: [], elements: () => [] },
};

const TABLES: Readonly<Record<string, ActionTable>> = {
  ec2: EC2_ACTIONS,
  autoscaling: AUTO_SCALING_ACTIONS,
  logs: LOGS_ACTIONS,
  s3: S3_ACTIONS,
  route53: ROUTE53_ACTIONS,
  iam: IAM_ACTIONS,
  sts: STS_ACTIONS,
  cloudformation: CLOUDFORMATION_ACTIONS,
};

/** Undefined for a call that is not in the tables. */
export function actionRule(service: string, apiAction: string): ActionRule | undefined {
  return TABLES[service]?.[apiAction];
}

/** Every policy action in the tables, `service:Name`, with its condition keys besides the global ones. */
export function knownActions(): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map<string, Set<string>>();
  for (const [service, table] of [...Object.entries(TABLES), ['iam', IAM_RIGHTS] as const]) {
    for (const { action, keys } of Object.values(table)) {
      const name = `${service}:${action}`;
      known.set(name, new Set([...(known.get(name) ?? []), ...keys.map((key) => key.toLowerCase())]));
    }
  }
  return known;
}
