// SPDX-License-Identifier: Apache-2.0
import { writeSync } from 'node:fs';
import type { Log } from '../ports.ts';

/** One JSON object a line on standard output, written at once: what was logged is there even if the next thing kills us. */
export function jsonLog(fields: Readonly<Record<string, unknown>>): Log {
  return {
    write(entry) {
      const line = `${JSON.stringify({ time: new Date().toISOString(), ...fields, ...entry })}\n`;
      try {
        writeSync(1, line);
      } catch (error) {
        // A reader that went away or is slow must not end a recovery.
        if (!['EPIPE', 'EAGAIN'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    },
  };
}
