// SPDX-License-Identifier: Apache-2.0
export const FAULT_KINDS = ['throttle', 'error', 'slow', 'empty', 'lose-answer', 'outage', 'stale'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  /**
   * - `throttle`: refused with the service's throttling error.
   * - `error`: an internal error, half of them 500, half 503.
   * - `slow`: answered after `delayMs`.
   * - `empty`: a list call finds nothing.
   * - `lose-answer`: carried out, but the connection is cut before the answer.
   * - `outage`: not carried out, and the connection is cut.
   * - `stale`: EC2 and Auto Scaling describe instances and groups as they were `delayMs` ago.
   */
  readonly kind: FaultKind;
  /** The name in the credential scope: ec2, autoscaling, logs, s3, route53, iam, sts. Any service when left out. */
  readonly service?: string;
  readonly action?: string;
  /** An instance id or `operator`. */
  readonly caller?: string;
  /** Affects this many calls, then ends. */
  readonly count?: number;
  /** Ends after this many seconds. */
  readonly seconds?: number;
  /** Only for `slow` and `stale`; three seconds when left out. */
  readonly delayMs?: number;
}

export interface PlacedFault extends Fault {
  readonly id: string;
  readonly placedAtMs: number;
  /** The number of calls that it has affected. */
  readonly struck: number;
}

/**
 * The lab's own calls. A fault of AWS must not affect the hypervisor, and the hypervisor's calls must not use the fault
 * up.
 */
export const SPARED_CALLER = 'lab';

export const DEFAULT_DELAY_MS = 3_000;

/** The active faults. Only the first fault that fits a call affects it, in the order in which they were added. */
export class FaultBoard {
  #faults: PlacedFault[] = [];
  #added = 0;

  add(fault: Fault): string {
    if (!FAULT_KINDS.includes(fault.kind)) {
      throw new Error(`there is no fault ${fault.kind}; there are ${FAULT_KINDS.join(', ')}`);
    }
    if (fault.count !== undefined && !(Number.isInteger(fault.count) && fault.count > 0)) {
      throw new Error(`the count of a fault is a whole number above 0, not ${fault.count}`);
    }
    if (fault.seconds !== undefined && !(fault.seconds > 0)) {
      throw new Error(`a fault lasts more than 0 seconds, not ${fault.seconds}`);
    }
    this.#added += 1;
    const id = `fault-${this.#added}`;
    this.#faults.push({ ...fault, id, placedAtMs: Date.now(), struck: 0 });
    return id;
  }

  list(): readonly PlacedFault[] {
    this.#dropEnded();
    return [...this.#faults];
  }

  /** Removes one fault, or all of them. */
  clear(id?: string): void {
    this.#faults = id === undefined ? [] : this.#faults.filter((fault) => fault.id !== id);
  }

  /** The fault that affects this call, which is counted. `can` says which kinds make sense for the call. */
  strike(
    call: { readonly service: string; readonly action: string; readonly caller: string },
    can: (kind: FaultKind) => boolean,
  ): PlacedFault | undefined {
    if (call.caller === SPARED_CALLER) return undefined;
    this.#dropEnded();
    const at = this.#faults.findIndex((fault) => fits(fault, call) && can(fault.kind));
    const fault = this.#faults[at];
    if (fault === undefined) return undefined;
    const struck = { ...fault, struck: fault.struck + 1 };
    this.#faults[at] = struck;
    return struck;
  }

  #dropEnded(): void {
    const nowMs = Date.now();
    this.#faults = this.#faults.filter(
      ({ count, seconds, struck, placedAtMs }) =>
        (count === undefined || struck < count) && (seconds === undefined || nowMs < placedAtMs + seconds * 1_000),
    );
  }
}

function fits(fault: Fault, call: { readonly service: string; readonly action: string; readonly caller: string }) {
  return (
    (fault.service ?? call.service) === call.service &&
    (fault.action ?? call.action) === call.action &&
    (fault.caller ?? call.caller) === call.caller
  );
}
