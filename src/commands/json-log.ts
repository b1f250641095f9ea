// SPDX-License-Identifier: Apache-2.0
import { writeSync } from 'node:fs';
import type { Log } from '../ports.ts';

/**
 * Writes one JSON object per line to standard output, at once. So every log line is written even if the next action
 * kills the process.
 */
export function jsonLog(fields: Readonly<Record<string, unknown>>): Log {
  return {
    write(entry) {
      const line = `${JSON.stringify({ time: new Date().toISOString(), ...fields, ...entry })}\n`;
      try {
        writeSync(1, line);
      } catch (error) {
        // A reader that is gone or slow must not end a recovery.
        if (!['EPIPE', 'EAGAIN'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    },
  };
}
