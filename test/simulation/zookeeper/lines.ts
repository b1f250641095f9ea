// SPDX-License-Identifier: Apache-2.0
/** Lines of a config that a server understands and the agent does not (docs/protocol.md, "Joining 11"). */
import type { EnsembleConfig, Member } from '../../../src/model/member.ts';

export class Lines {
  /** By the very member, which every config keeps that was made from the one it came with. */
  readonly #strange = new Map<Member, 'server' | 'weight'>();

  /** The whole line of this member, or another one about its vote. */
  write(member: Member, kind: 'server' | 'weight'): void {
    this.#strange.set(member, kind);
  }

  isStrange(member: Member): boolean {
    return this.#strange.has(member);
  }

  /** Everybody understands them from now on. */
  clear(): void {
    this.#strange.clear();
  }

  /** What the agent makes of a config. */
  asRead(config: EnsembleConfig): EnsembleConfig {
    if (this.#strange.size === 0) return config;
    const strange = config.members.filter((member) => this.#strange.has(member));
    if (strange.length === 0) return config;
    const notUnderstood = strange.map((member) =>
      this.#strange.get(member) === 'weight' ? `weight.${member.id}=1` : `server.${member.id}=of a later release`,
    );
    const members = config.members.filter((member) => this.#strange.get(member) !== 'server');
    return { ...config, members, notUnderstood };
  }
}
