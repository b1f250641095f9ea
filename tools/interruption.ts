// SPDX-License-Identifier: Apache-2.0
/** The signals to handle: of Ctrl-C, SIGTERM, and that of a terminal that closes. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface Interruption extends Disposable {
  /** Aborts with the first of these signals. */
  readonly signal: AbortSignal;
}

/**
 * `reason` makes the error of the abort. `again` is called for each further signal. Without `again`, further signals
 * have their usual effect, which ends the process. After disposal all signals have that effect again.
 */
export function interruption(reason: () => Error, again?: () => void): Interruption {
  const controller = new AbortController();
  const forget = (): void => {
    for (const name of SIGNALS) process.off(name, hear);
  };
  const hear = (): void => {
    if (controller.signal.aborted) again?.();
    else controller.abort(reason());
    if (again === undefined) forget();
  };
  for (const name of SIGNALS) process.on(name, hear);
  return { signal: controller.signal, [Symbol.dispose]: forget };
}
