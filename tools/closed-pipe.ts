// SPDX-License-Identifier: Apache-2.0
/**
 * A reader such as `head` may close the pipe early. Without a listener that ends the process with a stack trace, in the
 * middle of what it does. So it goes on without its reader, and its exit code tells how it ended.
 */
export function goOnWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
