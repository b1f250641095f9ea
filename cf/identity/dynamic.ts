// SPDX-License-Identifier: Apache-2.0
/**
 * Dynamic identity: a node claims an id and keeps its private address. So a new node joins beside the old ones, and an
 * update can start one more node before it stops an old one. The template needs no extra resources for it.
 */
import { ref } from '../cloudformation.ts';
import type { Identity } from './identity.ts';

export const dynamicIdentity: Identity = {
  nodesInService: ref('PresentHosts'),
  settings: {},
  resources: {},
};
