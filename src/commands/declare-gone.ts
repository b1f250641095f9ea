// SPDX-License-Identifier: Apache-2.0
/**
 * A person says that the server of a member which somebody added by hand is gone for good (docs/protocol.md,
 * "Recovery 11"). The word is given only where the agent advises it at this very moment, and only after a question.
 */
import { consoleTerminal, type Terminal } from '../../tools/terminal.ts';
import { AgentError } from '../errors.ts';
import { isGone } from '../facts/lives.ts';
import { lossSentence } from '../model/advice.ts';
import { instancesBehind } from '../model/claims.ts';
import type { Observation, Silence } from '../model/observation.ts';
import type { GoneMember } from '../model/records.ts';
import { adviceOf, type Decision } from '../model/step.ts';
import type { Ports } from '../ports.ts';
import { sayGone } from '../registry/gone.ts';
import type { Settings } from '../settings.ts';
import { nodePorts } from './node-ports.ts';
import { type LookSettings, lookOnce } from './one-look.ts';

export interface GoneRequest {
  readonly id: number;
  readonly address: string;
  /** The question was answered beforehand. */
  readonly yes: boolean;
}

/** The parts of the world that the command needs. */
export interface GoneWorld {
  readonly ports: Ports;
  readonly settings: LookSettings;
  readonly terminal: Terminal;
}

/** Rejects with NOT_GONE where nothing waits for the word, and with DECLINED where nobody said yes. */
export async function declareGone(settings: Settings, request: GoneRequest, signal: AbortSignal): Promise<void> {
  const ports = await nodePorts(settings, { write: () => {} });
  await declareGoneIn({ ports, settings, terminal: consoleTerminal() }, request, signal);
}

export async function declareGoneIn(world: GoneWorld, request: GoneRequest, signal: AbortSignal): Promise<void> {
  const { ports, settings, terminal } = world;
  const { observation, decision } = await lookOnce(ports, settings, signal);
  const word = wordAdvised(observation, decision, request);
  await refuseOwnInstance(ports, observation, word, signal);
  terminal.line(decision.why);
  terminal.line(
    `${nameOf(word)} was added by hand. Once it is declared gone, the nodes that are left recover by force.`,
  );
  terminal.line(`${lossSentence({ kind: 'its-disk' })} A server that starts again after that loses it, too.`);
  await confirm(terminal, request, signal);
  await sayGone(ports.objects, word, ports.nonce(), signal);
  terminal.result(`${nameOf(word)} is declared gone for good. Every node goes by that at its next tick.`);
}

function nameOf({ id, address }: Pick<GoneMember, 'id' | 'address'>): string {
  return `Member ${id} at ${address}`;
}

function notGone(request: GoneRequest, why: string): AgentError {
  return new AgentError(
    'NOT_GONE',
    `${nameOf(request)} is not declared gone: ${why}`,
    'Ask zk-agent status who is awaited; the runbook has a section about NOT_GONE.',
  );
}

/** The word that the agent itself advises for this member, so all that it depends on was seen a moment ago. */
function wordAdvised(observation: Observation, decision: Decision, request: GoneRequest): GoneMember {
  const { id, address } = request;
  const { shared, ensemble } = observation;
  if (!shared.known) throw notGone(request, `what the nodes say in AWS can't be read (${shared.why}).`);
  const [owner] = instancesBehind(shared.value.claims, { id, address });
  if (owner !== undefined) {
    throw notGone(request, `the instance ${owner} claimed that id at that address, and only EC2 says that it is gone.`);
  }
  if (ensemble) throw notGone(request, 'a leader answers, so nothing waits for it.');
  for (const { gone } of adviceOf(decision)) if (gone?.id === id && gone.address === address) return gone;
  throw notGone(request, whyNotAwaited(observation.silence, decision, request));
}

function whyNotAwaited(silence: Observation['silence'], decision: Decision, { id, address }: GoneRequest): string {
  const isThis = (member: { readonly id: number; readonly address: string }): boolean =>
    member.id === id && member.address === address;
  const { byHand = [], gone = [] }: Partial<Silence> = silence.known ? silence.value : {};
  if (byHand.some(isThis)) return 'its server still answers, so it can come back.';
  if (gone.some(isThis)) return 'that was said before, and the recovery goes on, or waits for something else.';
  const first =
    decision.kind === 'step' ? 'the agent does something else first' : 'no recovery waits for that word alone';
  return `${first}. ${decision.why}`;
}

/**
 * An address that an instance of the cluster has, or may have, is a node's: a node that claimed nothing may be young.
 */
async function refuseOwnInstance(
  ports: Ports,
  observation: Observation,
  { id, address }: GoneMember,
  signal: AbortSignal,
): Promise<void> {
  const instances = observation.silence.known ? observation.silence.value.instances : [];
  const living = instances.filter((instance) => !isGone(observation, instance));
  const facts = living.length > 0 ? await ports.ec2.describe(living, signal) : [];
  const request = { id, address, yes: false };
  for (const instance of living) {
    const fact = facts.find((each) => each.instance === instance);
    if (fact?.state === 'terminated') continue;
    if (fact?.address === undefined) throw notGone(request, `EC2 does not say which address ${instance} has.`);
    if (fact.address === address) throw notGone(request, `${instance} of this cluster has that address.`);
  }
}

const EXPECTED = 'gone';

async function confirm(terminal: Terminal, { yes }: GoneRequest, signal: AbortSignal): Promise<void> {
  if (yes) return;
  const declined = (why: string): AgentError =>
    new AgentError('DECLINED', `Nothing was changed: ${why}.`, 'Run it again on a terminal, or with --yes.');
  if (!terminal.interactive) throw declined('there is no terminal to ask on');
  const answer = await terminal.ask(
    `Its server will never start again with its data? Type ${EXPECTED} to go on:`,
    signal,
  );
  if (answer !== EXPECTED) throw declined(`the answer was not "${EXPECTED}"`);
}
