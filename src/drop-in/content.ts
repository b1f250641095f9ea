// SPDX-License-Identifier: Apache-2.0
import { type CreateContent, NULL_DATA, ZookeeperError } from '../client/index.ts';
import { ACL } from './acl.ts';
import type { ContentArgument } from './api.ts';
import { check, checkAcls, checkCallback } from './arguments.ts';
import { aclOf, modeOf } from './conversions.ts';
import { CreateMode } from './create-mode.ts';

/** What stands in for a mode that there is not. No server would take it, so it is not sent. */
const NO_MODE = new ZookeeperError('BAD_REQUEST', 'the mode is not a value of CreateMode');

/** Throws an AssertionError for ACLs that are none. Data, ACLs and mode may stand in any order. */
export class NewContent {
  readonly #data: Buffer;
  readonly #acls: readonly ACL[];
  readonly #mode: number;

  constructor(given: readonly unknown[]) {
    let data: Buffer = NULL_DATA;
    let acls: readonly ACL[] = ACL.OPEN_ACL_UNSAFE;
    let mode: number = CreateMode.PERSISTENT;
    for (const argument of given) {
      if (Buffer.isBuffer(argument)) data = argument;
      else if (typeof argument === 'number') mode = argument;
      else if (Array.isArray(argument)) {
        checkAcls(argument);
        const areAcls = argument.every((entry) => entry instanceof ACL);
        check(areAcls, 'acls must be an array of instances of ACL');
        acls = argument;
      }
    }
    this.#data = data;
    this.#acls = acls;
    this.#mode = mode;
  }

  /** Throws BAD_REQUEST for a mode that there is not: servers were asked, and so the callback has it. */
  get forClient(): CreateContent {
    const mode = modeOf(this.#mode);
    if (mode === undefined) throw NO_MODE;
    return { ...mode, data: this.#data, acl: aclOf(this.#acls) };
  }
}

/** Takes apart `[data, acls, mode, callback]`, of which the first three may stand in any order or be missing. */
export function contentThen<Callback>(given: readonly (ContentArgument | Callback)[]): {
  readonly content: NewContent;
  readonly callback: Callback;
} {
  const at = given.findLastIndex((argument) => typeof argument === 'function');
  checkCallback(given[at]);
  return { content: new NewContent(given.slice(0, at)), callback: given[at] as Callback };
}
