// SPDX-License-Identifier: Apache-2.0
/** Stacks on a local AWS, for the tests of the gateway's CloudFormation. */
import assert from 'node:assert/strict';
import {
  type Capability,
  type ChangeSetType,
  CloudFormationClient,
  CreateChangeSetCommand,
  type CreateChangeSetCommandOutput,
  CreateStackCommand,
  type CreateStackCommandInput,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  type DescribeChangeSetCommandOutput,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  type Stack,
  type StackEvent,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { type LocalAws, waitFor } from './local-aws.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type Resources = { readonly [logicalId: string]: { readonly [name: string]: Json } };

export interface Sections {
  readonly parameters?: Json;
  readonly outputs?: { readonly [name: string]: Json };
}

/** The text of a template. `outputs` are values. */
export function templateOf(resources: Resources, { parameters, outputs = {} }: Sections = {}): string {
  const named = Object.entries(outputs).map(([name, Value]) => [name, { Value }]);
  return JSON.stringify({
    AWSTemplateFormatVersion: '2010-09-09',
    ...(parameters === undefined ? {} : { Parameters: parameters }),
    Resources: resources,
    ...(named.length === 0 ? {} : { Outputs: Object.fromEntries(named) }),
  });
}

/** `${Name}`, as Fn::Sub takes it. */
export function hole(name: string): string {
  return `\${${name}}`;
}

/** The cheapest resource there is. */
export function logGroup(properties: Json = {}, attributes: { readonly [name: string]: Json } = {}) {
  return { Type: 'AWS::Logs::LogGroup', Properties: properties, ...attributes };
}

export type Submitted = Partial<Pick<CreateStackCommandInput, 'Parameters' | 'Tags' | 'Capabilities' | 'OnFailure'>>;

const BOTH: Capability[] = ['CAPABILITY_NAMED_IAM'];

export class Stacks {
  readonly client: CloudFormationClient;
  readonly #aws: LocalAws;

  constructor(aws: LocalAws, caller = 'operator') {
    const accessKeyId = `AKIASTACKS${caller.toUpperCase()}`;
    aws.cloud.registerCaller(accessKeyId, caller);
    this.#aws = aws;
    this.client = new CloudFormationClient({
      endpoint: aws.cloud.url,
      region: aws.cloud.region,
      credentials: { accessKeyId, secretAccessKey: 'not-checked' },
      maxAttempts: 1,
    });
  }

  close(): void {
    this.client.destroy();
  }

  name(): string {
    return this.#aws.name('stack');
  }

  async start(StackName: string, TemplateBody: string, submitted: Submitted = {}): Promise<string> {
    const input = { StackName, TemplateBody, Capabilities: BOTH, ...submitted };
    return (await this.client.send(new CreateStackCommand(input))).StackId ?? '';
  }

  /** Creates a stack and waits for the end of it. */
  async create(name: string, template: string, submitted: Submitted = {}): Promise<Stack> {
    return this.settled(await this.start(name, template, submitted));
  }

  async startUpdate(StackName: string, TemplateBody: string, submitted: Omit<Submitted, 'OnFailure'> = {}) {
    await this.client.send(new UpdateStackCommand({ StackName, TemplateBody, Capabilities: BOTH, ...submitted }));
  }

  async update(name: string, template: string, submitted: Omit<Submitted, 'OnFailure'> = {}): Promise<Stack> {
    await this.startUpdate(name, template, submitted);
    return this.settled(name);
  }

  async delete(name: string): Promise<Stack> {
    const id = (await this.describe(name)).StackId ?? '';
    await this.client.send(new DeleteStackCommand({ StackName: name }));
    return this.settled(id);
  }

  async describe(name: string): Promise<Stack> {
    const { Stacks: [stack] = [] } = await this.client.send(new DescribeStacksCommand({ StackName: name }));
    assert.ok(stack, `the stack ${name}`);
    return stack;
  }

  /** Waits until nothing is in progress any more. */
  async settled(name: string): Promise<Stack> {
    let stack = await this.describe(name);
    await waitFor(`the end of what happens to ${name}`, async () => {
      stack = await this.describe(name);
      return !stack.StackStatus?.endsWith('_IN_PROGRESS');
    });
    return stack;
  }

  /** Oldest first. */
  async events(StackName: string): Promise<readonly StackEvent[]> {
    const events: StackEvent[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.client.send(new DescribeStackEventsCommand({ StackName, NextToken }));
      events.push(...(page.StackEvents ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return events.toReversed();
  }

  /** `Group CREATE_COMPLETE`, oldest first, with the reason where there is one; of one resource if it is named. */
  async story(name: string, logicalId?: string): Promise<readonly string[]> {
    return (await this.events(name))
      .filter((event) => logicalId === undefined || event.LogicalResourceId === logicalId)
      .map(({ LogicalResourceId, ResourceStatus, ResourceStatusReason = '' }) =>
        `${logicalId === undefined ? `${LogicalResourceId} ` : ''}${ResourceStatus} ${ResourceStatusReason}`.trim(),
      );
  }

  async physicalId(StackName: string, LogicalResourceId: string): Promise<string> {
    const command = new DescribeStackResourcesCommand({ StackName, LogicalResourceId });
    const { StackResources: [resource] = [] } = await this.client.send(command);
    return resource?.PhysicalResourceId ?? '';
  }

  /** A change set, for an existing stack unless it says CREATE, once it is made or has failed. */
  async changeSet(
    StackName: string,
    TemplateBody: string,
    submitted: Omit<Submitted, 'OnFailure'> & { readonly ChangeSetType?: ChangeSetType } = {},
  ) {
    const ChangeSetName = this.#aws.name('changes');
    const made: CreateChangeSetCommandOutput = await this.client.send(
      new CreateChangeSetCommand({ StackName, ChangeSetName, TemplateBody, Capabilities: BOTH, ...submitted }),
    );
    return this.changeSetMade(made.Id ?? '');
  }

  /** Executes a change set; what comes of it, `settled` tells. */
  async execute({ ChangeSetId = '', StackName = '' }: DescribeChangeSetCommandOutput): Promise<void> {
    await this.client.send(new ExecuteChangeSetCommand({ ChangeSetName: ChangeSetId, StackName }));
  }

  async changeSetMade(ChangeSetName: string): Promise<DescribeChangeSetCommandOutput> {
    let described: DescribeChangeSetCommandOutput | undefined;
    await waitFor('the change set', async () => {
      described = await this.client.send(new DescribeChangeSetCommand({ ChangeSetName }));
      return described.Status === 'CREATE_COMPLETE' || described.Status === 'FAILED';
    });
    assert.ok(described);
    return described;
  }
}

/** The outputs of a stack by name. */
export function outputsOf(stack: Stack): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
}

/** `Modify Group False`, `Add X`, in the order of the change set. */
export function changesIn({ Changes = [] }: DescribeChangeSetCommandOutput): readonly string[] {
  return Changes.map(({ ResourceChange: change }) =>
    [change?.Action, change?.LogicalResourceId, change?.Replacement].filter((part) => part !== undefined).join(' '),
  );
}
