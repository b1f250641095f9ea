// SPDX-License-Identifier: Apache-2.0
import { check } from './arguments.ts';

/** What a watcher is called with. */
export class Event {
  static readonly NODE_CREATED: number = 1;
  static readonly NODE_DELETED: number = 2;
  static readonly NODE_DATA_CHANGED: number = 3;
  static readonly NODE_CHILDREN_CHANGED: number = 4;

  type: number;
  name: string;
  path: string;

  constructor(type: number, name: string, path: string) {
    check(typeof type === 'number', 'type must be a number');
    check(typeof name === 'string' && name !== '', 'name must be a string that is not empty');
    this.type = type;
    this.name = name;
    this.path = path;
  }

  getType(): number {
    return this.type;
  }

  getName(): string {
    return this.name;
  }

  getPath(): string {
    return this.path;
  }

  toString(): string {
    const place = this.path === undefined ? '' : `@${this.path}`;
    return `${this.name}[${this.type}]${place}`;
  }
}
