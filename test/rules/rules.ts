// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

const PROTOCOL = new URL('../../docs/protocol.md', import.meta.url);

/** The numbered rules of docs/protocol.md, as its headings have them: `Claims 1`. */
export const RULES: readonly string[] = [
  ...readFileSync(PROTOCOL, 'utf8').matchAll(/^### ((?:Elastic IP|\w+) \d+)$/gm),
].map(([, rule]) => rule as string);
