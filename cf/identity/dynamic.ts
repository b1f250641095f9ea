// SPDX-License-Identifier: Apache-2.0
/**
 * Dynamic identity: a node claims an id and keeps its private address, so a new node joins beside the old ones and an
 * update can start one more than there are before it stops any. It needs nothing of its own in the template.
 */
import { ref } from '../cloudformation.ts';
import type { Identity } from './identity.ts';

export const dynamicIdentity: Identity = {
  nodesInService: ref('PresentHosts'),
  settings: {},
  resources: {},
};
