// SPDX-License-Identifier: Apache-2.0
import type { JuteWriter } from '../jute-writer.ts';

export const CHECK_OPCODE = 13;

/** check, which is a part of a multi: path string, version int (−1 for any) → nothing */
export function encodeCheck(writer: JuteWriter, path: string, version: number): void {
  writer.path(path);
  writer.int(version);
}
