// SPDX-License-Identifier: Apache-2.0
/** One call to AWS as the gateway saw it. */
export interface LoggedCall {
  /** Milliseconds since 1970, when the call had arrived. */
  readonly atMs: number;
  /** An instance id, `operator`, `autoscaling` for calls of a group, or `unknown`. */
  readonly caller: string;
  readonly service: string;
  readonly action: string;
  /** `ok`, the code of an error, or `cut` when the caller got no answer. */
  readonly outcome: string;
  /** The HTTP status; 0 without an answer. */
  readonly status: number;
  readonly durationMs: number;
  /** The id of the fault that affected the call. */
  readonly fault?: string;
}

interface CallFilter {
  readonly caller?: string;
  readonly service?: string;
  readonly action?: string;
  readonly outcome?: string;
  /** Only calls that arrived at this time or later. */
  readonly sinceMs?: number;
}

export interface CallCount {
  readonly caller: string;
  readonly service: string;
  readonly action: string;
  readonly calls: number;
  readonly failures: number;
  /** The failures because of a missing permission. */
  readonly denied: number;
}

/** EC2's code, and those of all other services. */
const DENIALS = new Set(['UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException']);

/** After this many calls, the oldest ones are dropped. The counts stay complete. */
const KEPT_CALLS = 50_000;

export class CallLog {
  readonly #calls: LoggedCall[] = [];
  readonly #counts = new Map<string, CallCount>();
  readonly #listeners = new Set<(call: LoggedCall) => void>();

  record(call: LoggedCall): void {
    this.#calls.push(call);
    if (this.#calls.length > KEPT_CALLS * 1.1) this.#calls.splice(0, this.#calls.length - KEPT_CALLS);
    const { caller, service, action } = call;
    const key = `${caller} ${service} ${action}`;
    const before = this.#counts.get(key) ?? { caller, service, action, calls: 0, failures: 0, denied: 0 };
    const failures = before.failures + (call.outcome === 'ok' ? 0 : 1);
    const denied = before.denied + (DENIALS.has(call.outcome) ? 1 : 0);
    this.#counts.set(key, { ...before, calls: before.calls + 1, failures, denied });
    for (const listener of this.#listeners) listener(call);
  }

  /** The calls that are still stored, oldest first. */
  list(filter: CallFilter = {}): readonly LoggedCall[] {
    return this.#calls.filter((call) => fits(call, filter));
  }

  /** Calls by caller, service and action, since the gateway started; most frequent first. */
  counts(): readonly CallCount[] {
    return [...this.#counts.values()].sort((a, b) => b.calls - a.calls);
  }

  /** Calls `listener` for every later call, after its answer. Returns the function that ends this. */
  follow(listener: (call: LoggedCall) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}

function fits(call: LoggedCall, filter: CallFilter): boolean {
  if (filter.caller !== undefined && filter.caller !== call.caller) return false;
  if (filter.service !== undefined && filter.service !== call.service) return false;
  if (filter.action !== undefined && filter.action !== call.action) return false;
  if (filter.outcome !== undefined && filter.outcome !== call.outcome) return false;
  return filter.sinceMs === undefined || call.atMs >= filter.sinceMs;
}
