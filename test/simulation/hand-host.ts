// SPDX-License-Identifier: Apache-2.0
import type { Member } from '../../src/model/member.ts';
import { blankDisk, type DiskState } from './node/disk-state.ts';
import type { Host } from './zookeeper/server.ts';

/** The machine of a member that a person added. */
export class HandHost implements Host {
  readonly name: string;
  readonly member: Member;
  readonly disk: DiskState = blankDisk();
  paused = false;
  unansweredUntilMs = 0;
  /** The person wants it out. */
  unwanted = false;
  /** The person has stopped it, and starts it again only where a node asks for that. */
  stopped = false;
  /** Its machine is gone, so its server never starts again. */
  lost = false;
  /** The person was told of its data, and wants it no more. */
  givenUp = false;

  constructor(name: string, member: Member) {
    this.name = name;
    this.member = member;
  }

  get address(): string {
    return this.member.address;
  }
}
