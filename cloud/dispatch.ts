// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { check } from './api-model/check.ts';
import { isLooseAnswer } from './api-model/loose-answers.ts';
import type { ApiModel, ApiOperation, ModelOf, Protocol } from './api-model/model.ts';
import { refusal, unknownAction } from './api-model/refusal.ts';
import { answerAutoScaling } from './auto-scaling/answer.ts';
import type { AutoScaling } from './auto-scaling/auto-scaling.ts';
import type { CallLog } from './call-log.ts';
import { answerCloudFormation } from './cloudformation/answer.ts';
import type { CloudFormation } from './cloudformation/cloudformation.ts';
import type { Ec2 } from './ec2/ec2.ts';
import { AwsFailure } from './failure.ts';
import { broken, canStrike, throttled, unknownKey } from './fault-answers.ts';
import { DEFAULT_DELAY_MS, type FaultBoard, type PlacedFault } from './faults.ts';
import type { Access, AuthorizedCall } from './iam/access.ts';
import type { MotoClient } from './moto-client.ts';
import { type Answer, emptyOutput, writeAnswer, writeFailure } from './protocols/answer.ts';
import { actionOf, type Call, type HttpRequest, readCall, type Scope, scopeOf } from './protocols/call.ts';
import { readAnswer, writeCall } from './protocols/write-call.ts';
import { answerRoute53 } from './route53/answer.ts';
import type { Route53 } from './route53/route53.ts';
import type { BucketRegions } from './s3/bucket-regions.ts';
import { checkConditions } from './s3/conditions.ts';
import { SERVICES } from './services.ts';
import type { Struct } from './value.ts';

interface DispatchParts {
  readonly models: ModelOf;
  readonly moto: MotoClient;
  readonly ec2: Ec2;
  readonly scaling: AutoScaling;
  readonly cloudFormation: CloudFormation;
  readonly route53: Route53;
  readonly calls: CallLog;
  readonly faults: FaultBoard;
  readonly access: Access;
  readonly buckets: BucketRegions;
  /** The caller of each access key id. */
  readonly callers: ReadonlyMap<string, string>;
  readonly region: string;
  readonly account: string;
  readonly checkAnswers: boolean;
}

/** The caller and the call, as far as they were known when the call ended. */
interface Identified {
  caller: string;
  service: string;
  action: string;
  protocol: Protocol;
  fault?: PlacedFault;
}

type Who = Pick<Identified, 'caller' | 'service' | 'action'>;

/** Services that serve calls that are signed for any region: three know none, and S3 has buckets in each. */
const IN_EVERY_REGION = new Set(['iam', 'sts', 'route53', 's3']);
const CLOUDFORMATION = 'cloudformation.amazonaws.com';
/** For these calls, only a caller who may list the object learns whether it exists. */
const OF_ONE_OBJECT = new Set(['GetObject', 'HeadObject']);
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** One call from arrival to answer: the caller, the action, faults, the API model, then the service. */
export class Dispatch {
  readonly #parts: DispatchParts;

  constructor(parts: DispatchParts) {
    this.#parts = parts;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = Date.now();
    const started = performance.now();
    const who: Identified = { caller: 'unknown', service: 'unknown', action: 'unknown', protocol: 'rest-xml' };
    let answer: Answer | undefined;
    let outcome = 'ok';
    try {
      answer = await this.#answer(await read(request), who);
      if (answer !== undefined && answer.status >= 300) outcome = codeOf(answer);
    } catch (error) {
      const failure = error instanceof AwsFailure ? error : internal(error);
      outcome = failure.code;
      answer = writeFailure(who.service, who.protocol, failure, request.method === 'HEAD');
    }
    if (answer === undefined || who.fault?.kind === 'lose-answer') {
      outcome = 'cut';
      response.destroy();
    } else {
      response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
      response.end(answer.body);
    }
    const { caller, service, action, fault } = who;
    this.#parts.calls.record({
      atMs,
      caller,
      service,
      action,
      outcome,
      status: outcome === 'cut' ? 0 : (answer?.status ?? 0),
      durationMs: Math.round((performance.now() - started) * 10) / 10,
      ...(fault === undefined ? {} : { fault: fault.id }),
    });
  }

  /** Undefined when there must be no answer: the connection is cut. */
  async #answer(request: HttpRequest, who: Identified): Promise<Answer | undefined> {
    const scope = this.#identify(request, who);
    const { service, action } = who;
    const fault = this.#parts.faults.strike(who, (kind) => canStrike(kind, service, action));
    if (fault !== undefined) who.fault = fault;
    switch (fault?.kind) {
      case 'outage':
        return undefined;
      case 'throttle':
        throw throttled(service);
      case 'error':
        throw broken(service, fault);
      case 'slow':
        await sleep(fault.delayMs ?? DEFAULT_DELAY_MS);
    }
    const call = readCall(this.#parts.models, service, action, request);
    if (call.problems.length > 0) throw refusal(service, call.model.protocol, call.problems);
    if (service === 's3') await this.#parts.buckets.check(action, call.input, scope.region);
    const authorized: AuthorizedCall = { caller: who.caller, service, action, input: call.input };
    await this.#parts.access.authorize(authorized);
    if (fault?.kind === 'empty') {
      return writeAnswer(call.model, call.operation, emptyOutput(call.model, call.operation));
    }
    const staleMs = fault?.kind === 'stale' ? (fault.delayMs ?? DEFAULT_DELAY_MS) : 0;
    const answer = await this.#serve(request, call, who, staleMs);
    if (answer.status < 300) this.#parts.access.changed(authorized);
    if (service === 's3' && answer.status === 404 && OF_ONE_OBJECT.has(action)) {
      await this.#parts.access.hideMissing(authorized);
    }
    return answer;
  }

  #identify(request: HttpRequest, who: Identified): Scope {
    const scope = scopeOf(request.headers);
    if (scope === undefined) {
      throw new AwsFailure('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
    }
    if (!SERVICES.some((each) => each === scope.service)) {
      throw new AwsFailure('UnknownEndpoint', `The lab does not imitate the service ${scope.service}`, 404);
    }
    const { models, callers, region } = this.#parts;
    const model = models(scope.service);
    who.service = scope.service;
    who.protocol = model.protocol;
    who.action = actionOf(models, scope.service, request);
    const caller = callers.get(scope.accessKeyId);
    if (caller === undefined) throw unknownKey(model);
    who.caller = caller;
    if (scope.region !== region && !IN_EVERY_REGION.has(scope.service)) {
      throw new AwsFailure(
        'AuthFailure',
        `The lab is the region ${region}; the call was signed for ${scope.region}`,
        403,
      );
    }
    return scope;
  }

  async #serve(request: HttpRequest, call: Call, who: Identified, staleMs: number): Promise<Answer> {
    const output = await this.#ownAnswer(call, who, staleMs);
    if (output !== undefined) return writeAnswer(call.model, call.operation, output);
    const answer = await this.#forward(request);
    if (who.service === 'ec2' && answer.status < 300) await this.#parts.ec2.after(who.action, call.input);
    return answer;
  }

  /** Undefined when moto must answer. */
  async #ownAnswer(call: Pick<Call, 'model' | 'operation' | 'input'>, who: Who, staleMs: number, systemTags = false) {
    const { ec2, scaling, region, account } = this.#parts;
    const viewer = { caller: who.caller, atMs: Date.now() - staleMs, systemTags };
    let output: Struct | undefined;
    if (who.service === 'autoscaling') {
      output = await answerAutoScaling(scaling, who.action, call.input, { region, account, systemTags }, viewer.atMs);
    } else if (who.service === 'cloudformation') {
      output = await answerCloudFormation(this.#parts.cloudFormation, who.action, call.input, who.caller);
    } else if (who.service === 'route53') {
      output = await answerRoute53(this.#parts.route53, who.action, call.input, account);
    } else if (who.service === 'ec2') {
      output = await ec2.answer(who.action, call.input, viewer);
    } else if (who.service === 's3') {
      checkConditions(who.action, call.input);
      output = await this.#parts.access.answer({ ...who, input: call.input });
    }
    if (output !== undefined && this.#parts.checkAnswers) checkOutput(call, output);
    return output;
  }

  /**
   * A call that CloudFormation makes to another service in the name of `caller`. It is checked against the API model
   * and the caller's rights, logged and answered like a call from outside. It uses no HTTP, and faults do not apply.
   * Rejects with AwsFailure.
   */
  async call(service: string, action: string, input: Struct, caller: string): Promise<Struct> {
    const atMs = Date.now();
    const started = performance.now();
    let outcome = 'ok';
    let status = 200;
    try {
      return await this.#inside(input, { service, action, caller });
    } catch (error) {
      outcome = error instanceof AwsFailure ? error.code : 'InternalError';
      status = error instanceof AwsFailure ? error.status : 500;
      throw error;
    } finally {
      const durationMs = Math.round((performance.now() - started) * 10) / 10;
      this.#parts.calls.record({ atMs, caller, service, action, outcome, status, durationMs });
    }
  }

  async #inside(input: Struct, who: Who): Promise<Struct> {
    const { models, moto, ec2, access, region } = this.#parts;
    const model = models(who.service);
    const operation = model.operations[who.action];
    if (operation === undefined) {
      throw unknownAction(who.service, model.protocol, who.action, model.metadata.apiVersion);
    }
    const problems = operation.input === undefined ? [] : check(model, operation.input, input);
    if (problems.length > 0) throw refusal(who.service, model.protocol, problems);
    const authorized: AuthorizedCall = { ...who, input, via: CLOUDFORMATION };
    await access.authorize(authorized);
    let output = await this.#ownAnswer({ model, operation, input }, who, 0, true);
    if (output === undefined) {
      output = readAnswer(model, operation, await moto.forward(writeCall(model, operation, input, region)));
      if (who.service === 'ec2') await ec2.after(who.action, input);
    }
    access.changed(authorized);
    return output;
  }

  async #forward(request: HttpRequest): Promise<Answer> {
    const { method, target, headers, body } = request;
    const answer = await this.#parts.moto.forward({ method, target, headers, body });
    return { status: answer.status, headers: passedOn(answer.headers), body: answer.body };
  }
}

function checkOutput({ model, operation }: { model: ApiModel; operation: ApiOperation }, output: Struct): void {
  const misfits = operation.output === undefined ? [] : check(model, operation.output, output);
  const problems = misfits.filter((problem) => !isLooseAnswer(model, operation.name, problem));
  if (problems.length === 0) return;
  throw new Error(`the answer to ${operation.name} does not fit the model: ${JSON.stringify(problems.slice(0, 5))}`);
}

async function read(request: IncomingMessage): Promise<HttpRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw new AwsFailure('EntityTooLarge', `The lab takes up to ${MAX_BODY_BYTES} bytes`, 413);
    }
    chunks.push(chunk);
  }
  const target = request.url ?? '/';
  const url = new URL(`http://gateway${target}`);
  return { method: request.method ?? 'GET', target, url, headers: request.headers, body: Buffer.concat(chunks) };
}

/** Headers that apply to one connection are not passed on. */
const OF_THE_CONNECTION = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'server'];

function passedOn(headers: Readonly<Record<string, string | string[] | undefined>>) {
  const passed: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !OF_THE_CONNECTION.includes(name)) passed[name] = value;
  }
  return passed;
}

/** The code of an error that moto wrote, for the log. */
function codeOf(answer: Answer): string {
  const text = answer.body.toString('utf8');
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? /"__type":\s*"([^"]*)"/.exec(text)?.[1];
  return code ?? String(answer.status);
}

function internal(error: unknown): AwsFailure {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new AwsFailure('InternalError', `The gateway could not answer: ${why}`, 500);
}
