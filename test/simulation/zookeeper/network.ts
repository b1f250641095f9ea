// SPDX-License-Identifier: Apache-2.0
/** Which servers hear each other: awake ones, unless a partition stands between their machines. */
import type { Host, Server } from './server.ts';

export class Network {
  readonly #cut = new Set<string>();

  cut(a: string, b: string): void {
    this.#cut.add(a < b ? `${a} ${b}` : `${b} ${a}`);
  }

  heal(): void {
    this.#cut.clear();
  }

  joined(a: Host, b: Host): boolean {
    if (a === b || this.#cut.size === 0) return true;
    return !this.#cut.has(a.name < b.name ? `${a.name} ${b.name}` : `${b.name} ${a.name}`);
  }

  reach(a: Server, b: Server): boolean {
    return a.awake && b.awake && this.joined(a.host, b.host);
  }
}
