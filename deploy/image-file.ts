// SPDX-License-Identifier: Apache-2.0
/** The image that build.sh made last. build.sh writes its id into `dist/ami-id`, one line. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const IMAGE_FILE = fileURLToPath(new URL('../dist/ami-id', import.meta.url));

/** Undefined when nothing was built here. */
export function builtImage(file = IMAGE_FILE): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
