// SPDX-License-Identifier: Apache-2.0
import type { Addition } from './addition.ts';

/** Asked once, when the world begins. */
export const NAMES: Addition = {
  name: 'names',
  what: 'the cluster has a zone, and each voter its name',
  shares: [0, 1],
};
