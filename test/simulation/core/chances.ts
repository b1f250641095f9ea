// SPDX-License-Identifier: Apache-2.0
import type { Random } from './random.ts';

/** What can befall a history beyond the model itself, by name (additions/addition.ts), as the model asks for it. */
export interface Chances {
  /** Asked at a moment of the model: does it happen now? */
  strikes(name: string): boolean;
  /** It may still happen in this history; for what has to be prepared. */
  isOn(name: string): boolean;
  /** Its own source: what it draws changes nothing for anybody else. */
  random(name: string): Random;
}
