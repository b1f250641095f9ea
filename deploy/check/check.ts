// SPDX-License-Identifier: Apache-2.0
/** All checks of what the options name in AWS, before anything is created. */
import type { TemplateOptions } from '../../cf/template-options.ts';
import type { DeployContext } from '../context.ts';
import { DeployError } from '../errors.ts';
import { checkKey, checkRole, checkSources } from './access.ts';
import { addressNotices, checkPublicSubnets, checkQuota } from './addresses.ts';
import { checkInstanceType, describeImage, imageAgeNotices, imageProblems } from './image.ts';
import { checkSubnets, checkVpc } from './network.ts';
import { reachabilityNotices } from './reachability.ts';
import { checkZone } from './zone.ts';

const CHECKS = [
  ...[checkVpc, checkSubnets, checkKey, checkInstanceType, checkSources, checkRole, checkZone],
  ...[checkPublicSubnets, checkQuota],
];

/**
 * The options, completed with a fact that only the image has: the name of its root device. The template needs this name
 * to set the volume. Rejects with BAD_INPUT, whose message has a line for each problem.
 */
export async function checkedInput(context: DeployContext, options: TemplateOptions): Promise<TemplateOptions> {
  const [image, ...found] = await Promise.all([
    describeImage(context, options.imageId),
    ...CHECKS.map((check) => check(context, options)),
  ]);
  const problems = [...imageProblems(image, options), ...found.flat()];
  if (problems.length > 0) {
    throw new DeployError('BAD_INPUT', problems.join('\n'), 'Nothing was created. Correct this, then run it again.');
  }
  const notices = [
    ...(image === undefined ? [] : imageAgeNotices(image, context.nowMs())),
    ...(await reachabilityNotices(context, options)),
    ...(await addressNotices(context, options)),
  ];
  for (const notice of notices) context.terminal.line(notice, 'yellow');
  return { ...options, ...(image?.RootDeviceName === undefined ? {} : { rootDevice: image.RootDeviceName }) };
}
