// SPDX-License-Identifier: Apache-2.0
/** Of a pipe whose reader has gone, and of a terminal that was closed. */
const GONE = ['EPIPE', 'EIO'];

/**
 * A reader such as `head` may close the pipe early, and a terminal may close. Without a listener that ends the process
 * with a stack trace, in the middle of what it does. So it goes on without its reader, and its exit code tells how it
 * ended. `unread` is called when nobody reads the results on standard output any more.
 */
export function goOnWithoutReader(unread?: () => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!GONE.includes(error.code ?? '')) throw error;
      if (stream === process.stdout) unread?.();
    });
  }
}
