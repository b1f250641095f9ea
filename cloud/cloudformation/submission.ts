// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, structsAt, textAt, textsAt } from '../value.ts';
import type { StackCloud } from './operations/cloud.ts';
import type { Tag } from './resources/handler.ts';
import type { Blueprint } from './stack/blueprint.ts';
import type { Stack } from './stack/stack.ts';
import { checkResources } from './template/check-resources.ts';
import type { Template } from './template/declarations.ts';
import { dependenciesOf } from './template/order.ts';
import { checkExistence, parameterValues } from './template/parameter-values.ts';
import { readTemplate } from './template/template.ts';

const MOST_TAGS = 50;

/** Reads the input of CreateStack, UpdateStack and CreateChangeSet. Refuses impossible input at once. */
export async function readSubmission(
  cloud: StackCloud,
  stack: Pick<Stack, 'id' | 'name' | 'blueprint'>,
  input: Struct,
  caller: string,
): Promise<Blueprint> {
  const template = templateOf(cloud, stack, input);
  const parameters = parameterValues(template.parameters, structsAt(input, 'Parameters'), stack.blueprint?.parameters);
  const capabilities = textsAt(input, 'Capabilities');
  checkCapabilities(template, capabilities);
  // When the input has no tags, the stack keeps its tags.
  const tags = input.Tags === undefined ? (stack.blueprint?.tags ?? []) : tagsOf(input);
  const blueprint = { template, parameters, tags, capabilities };
  dependenciesOf(template);
  await checkExistence(template.parameters, parameters, (service, action, asked) =>
    cloud.call(service, action, asked, caller),
  );
  return blueprint;
}

function templateOf(cloud: StackCloud, stack: Pick<Stack, 'blueprint'>, input: Struct): Template {
  const body = textAt(input, 'TemplateBody');
  if (input.UsePreviousTemplate === true) {
    if (body !== undefined) {
      throw invalid('You cannot specify both usePreviousTemplate and Template Body/Template URL.');
    }
    if (stack.blueprint === undefined) throw invalid('Previous template cannot be used: there is none');
    return stack.blueprint.template;
  }
  if (body === undefined) throw invalid('Either Template URL or Template Body must be specified.');
  return checkedTemplate(cloud, body);
}

export function checkedTemplate(cloud: StackCloud, body: string): Template {
  const template = readTemplate(body);
  checkResources(template, cloud.schemaOf);
  return template;
}

/** The capabilities that a template needs, and the resource types that need them. */
export function neededCapabilities(template: Template): {
  readonly capability?: string;
  readonly types: readonly string[];
} {
  const ofIam = [...template.resources.values()].filter(({ type }) => type.startsWith('AWS::IAM::'));
  if (ofIam.length === 0) return { types: [] };
  const named = ofIam.some(
    ({ properties }) => properties.RoleName !== undefined || properties.InstanceProfileName !== undefined,
  );
  return {
    capability: named ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM',
    types: [...new Set(ofIam.map(({ type }) => type))],
  };
}

function checkCapabilities(template: Template, given: readonly string[]): void {
  const { capability } = neededCapabilities(template);
  if (capability === undefined || given.includes(capability) || given.includes('CAPABILITY_NAMED_IAM')) return;
  throw new AwsFailure('InsufficientCapabilitiesException', `Requires capabilities : [${capability}]`);
}

function tagsOf(input: Struct): readonly Tag[] {
  const tags = structsAt(input, 'Tags').map((tag) => ({
    key: textAt(tag, 'Key') ?? '',
    value: textAt(tag, 'Value') ?? '',
  }));
  if (tags.length > MOST_TAGS) throw invalid(`A stack has at most ${MOST_TAGS} tags`);
  const reserved = tags.find(({ key }) => /^aws:/i.test(key));
  if (reserved !== undefined) {
    throw invalid(`Tag keys starting with 'aws:' are reserved for internal use: ${reserved.key}`);
  }
  return tags;
}

/** Refuses input members that the lab would otherwise ignore. */
export function refuseOthers(input: Struct, imitated: readonly string[]): void {
  const odd = Object.keys(input).find((name) => !imitated.includes(name));
  if (odd !== undefined) throw invalid(`The lab does not imitate ${odd}`);
}

export function invalid(message: string): AwsFailure {
  return new AwsFailure('ValidationError', message);
}
