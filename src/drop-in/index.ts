// SPDX-License-Identifier: Apache-2.0
/**
 * The API of node-zookeeper-client 1.1 on top of the client of this project, for programs that were written for it.
 * What is different stands in docs/drop-in.md.
 */
export { ACL, Id, Permission } from './acl.ts';
export type { BufferStat as Stat, CommitResult, Option, Transaction } from './api.ts';
export { type Client, createClient } from './client.ts';
export { CreateMode } from './create-mode.ts';
export { Event } from './event.ts';
export { Exception } from './exception.ts';
export { State } from './state.ts';
