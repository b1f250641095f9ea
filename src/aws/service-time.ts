// SPDX-License-Identifier: Apache-2.0
/**
 * The time of the service's own clock, from the `Date` header of its answer. The agent judges claims by their age, and
 * the clock of the node may be wrong.
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

/** Makes the client remember the time of each of its answers. Returns the function that reads this time. */
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

/**
 * Never negative: the header counts whole seconds, so something made in the current second would have a negative age.
 */
export function ageMs(serviceTimeMs: number, madeAtMs: number | undefined, what: string): number {
  if (madeAtMs === undefined || !Number.isFinite(madeAtMs)) throw new UnreadableAnswer(`${what} has no time`);
  return Math.max(0, serviceTimeMs - madeAtMs);
}
