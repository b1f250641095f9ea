// SPDX-License-Identifier: Apache-2.0
/**
 * The time by the service's own clock, from the `Date` header of its answer. The node's clock may be wrong, and ages
 * decide over claims.
 */
import { UnreadableAnswer } from './aws-errors.ts';

interface Deserialized {
  readonly response: unknown;
  readonly output: object;
}

interface HasMiddleware {
  readonly middlewareStack: {
    add(
      middleware: (next: (args: never) => Promise<Deserialized>) => (args: never) => Promise<Deserialized>,
      options: { step: 'deserialize'; name: string; priority: 'high' },
    ): void;
  };
}

/** Makes the client remember when each of its answers was given; returns the reader. */
export function rememberServiceTime(client: object): (output: object) => number {
  const times = new WeakMap<object, number>();
  (client as HasMiddleware).middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = Object(result.response) as { headers?: Record<string, string> };
      times.set(result.output, Date.parse(headers?.date ?? ''));
      return result;
    },
    { step: 'deserialize', name: 'rememberServiceTime', priority: 'high' },
  );
  return (output) => {
    const timeMs = times.get(output) ?? Number.NaN;
    if (Number.isNaN(timeMs)) throw new UnreadableAnswer('the answer has no Date, so no age can be told');
    return timeMs;
  };
}

/** The header counts whole seconds, so what was made within this one would have a negative age. */
export function ageMs(serviceTimeMs: number, madeAtMs: number | undefined, what: string): number {
  if (madeAtMs === undefined || !Number.isFinite(madeAtMs)) throw new UnreadableAnswer(`${what} has no time`);
  return Math.max(0, serviceTimeMs - madeAtMs);
}
