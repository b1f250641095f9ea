// SPDX-License-Identifier: Apache-2.0
import { AgentError } from '../errors.ts';
import type { Observation } from '../model/observation.ts';
import type { Ports } from '../ports.ts';
import type { Timings } from '../timings.ts';

/** Where the node's own server answers its agent. */
export function ownServer({ address, privateAddress }: ActContext['self']): string {
  return privateAddress ?? address;
}

/** What every act gets beside its step. */
export interface ActContext {
  readonly ports: Ports;
  readonly self: Observation['self'];
  readonly timings: Timings;
  readonly signal: AbortSignal;
}

/** The world has changed since the look that led to the step. Nothing was done, and the loop looks again. */
export function changed(sentence: string): AgentError {
  return new AgentError('PRECONDITION_CHANGED', sentence, 'Nothing: the agent looks again by itself.');
}
