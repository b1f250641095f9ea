// SPDX-License-Identifier: Apache-2.0
import { type Struct, textAt } from '../value.ts';
import { changeSetOf } from './change-set-actions.ts';
import type { CloudFormation } from './cloudformation.ts';
import { optional } from './show.ts';
import { checkedTemplate, invalid, neededCapabilities, refuseOthers } from './submission.ts';
import type { Template } from './template/declarations.ts';

/** The submitted text. */
export function getTemplate(cloudFormation: CloudFormation, input: Struct): Struct {
  refuseOthers(input, ['StackName', 'ChangeSetName', 'TemplateStage']);
  const template =
    input.ChangeSetName === undefined
      ? cloudFormation.get(textAt(input, 'StackName') ?? '').blueprint?.template
      : changeSetOf(cloudFormation, input).changeSet.blueprint.template;
  if (template === undefined) throw invalid(`Stack [${textAt(input, 'StackName')}] does not have a template`);
  return { TemplateBody: template.text, StagesAvailable: ['Original', 'Processed'] };
}

export function getTemplateSummary(cloudFormation: CloudFormation, input: Struct): Struct {
  refuseOthers(input, ['TemplateBody', 'StackName']);
  const name = textAt(input, 'StackName');
  const template =
    name === undefined ? templateIn(cloudFormation, input) : cloudFormation.get(name).blueprint?.template;
  if (template === undefined) throw invalid(`Stack [${name}] does not have a template`);
  return {
    Parameters: [...template.parameters.values()].map((parameter) => ({
      ParameterKey: parameter.name,
      ParameterType: parameter.type,
      NoEcho: parameter.noEcho,
      ParameterConstraints: { AllowedValues: parameter.allowedValues },
      ...optional('DefaultValue', parameter.defaultValue),
      ...optional('Description', parameter.description),
    })),
    ResourceTypes: [...new Set([...template.resources.values()].map(({ type }) => type))],
    Version: '2010-09-09',
    ...capabilities(template),
    ...optional('Description', template.description),
    ...(template.metadata === undefined ? {} : { Metadata: JSON.stringify(template.metadata) }),
  };
}

export function validateTemplate(cloudFormation: CloudFormation, input: Struct): Struct {
  refuseOthers(input, ['TemplateBody']);
  const template = templateIn(cloudFormation, input);
  return {
    Parameters: [...template.parameters.values()].map((parameter) => ({
      ParameterKey: parameter.name,
      NoEcho: parameter.noEcho,
      ...optional('DefaultValue', parameter.defaultValue),
      ...optional('Description', parameter.description),
    })),
    ...capabilities(template),
    ...optional('Description', template.description),
  };
}

function templateIn({ cloud }: CloudFormation, input: Struct): Template {
  const body = textAt(input, 'TemplateBody');
  if (body === undefined) throw invalid('Either Template URL or Template Body must be specified.');
  return checkedTemplate(cloud, body);
}

function capabilities(template: Template): Struct {
  const { capability, types } = neededCapabilities(template);
  if (capability === undefined) return {};
  const why = `The following resource(s) require capabilities: [${types.join(', ')}]`;
  return { Capabilities: [capability], CapabilitiesReason: why };
}
