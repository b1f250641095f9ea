// SPDX-License-Identifier: Apache-2.0
/** Calls over and over, so many at a time, and counts. */
import type { Measured } from './contest.ts';

interface LoadTimes {
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

interface Workload extends LoadTimes {
  readonly servers: string;
  readonly path: string;
  readonly operation: 'get' | 'set';
  readonly inFlight: number;
  readonly bytes: number;
}

/** The words behind the name of the program. */
export function workloadOf([, , servers = '', path = '', operation, ...numbers]: readonly string[]): Workload {
  const [inFlight = 1, bytes = 0, warmUpMs = 0, measuredMs = 0] = numbers.map(Number);
  return { servers, path, operation: operation === 'set' ? 'set' : 'get', inFlight, bytes, warmUpMs, measuredMs };
}

export async function measure(
  call: () => Promise<unknown>,
  { inFlight, warmUpMs, measuredMs }: LoadTimes & { readonly inFlight: number },
): Promise<Measured> {
  let calls = 0;
  let over = false;
  const worker = async (): Promise<void> => {
    while (!over) {
      await call();
      calls++;
    }
  };
  const workers = Array.from({ length: inFlight }, worker);
  await pause(warmUpMs);
  const [callsBefore, cpuBefore, startMs] = [calls, process.cpuUsage(), performance.now()];
  await pause(measuredMs);
  const [done, cpu, tookMs] = [calls - callsBefore, process.cpuUsage(cpuBefore), performance.now() - startMs];
  over = true;
  await Promise.all(workers);
  return { calls: done, ms: tookMs, cpuMs: (cpu.user + cpu.system) / 1_000 };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
