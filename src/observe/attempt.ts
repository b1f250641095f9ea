// SPDX-License-Identifier: Apache-2.0
import { AgentError } from '../errors.ts';
import { type Known, known, unknown } from '../model/cloud.ts';

/** Asks for a fact. A failure makes the fact unknown, with the reason in words. An abort still rejects. */
export async function attempt<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<Known<T>> {
  try {
    return known(await ask());
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AgentError) return unknown(error.message, error);
    return unknown(error instanceof Error ? error.message : String(error));
  }
}
