// SPDX-License-Identifier: Apache-2.0
/** A directed scenario: a cluster in which nothing happens by chance but the order of things, and a hand that acts. */
import { memberAt } from '../../src/model/member.ts';
import { ALWAYS } from './additions/registry.ts';
import { whyNotHealed } from './checkers/healing.ts';
import type { ElasticIps } from './cloud/elastic-ips.ts';
import { Violation } from './core/violation.ts';
import type { Mutation } from './mutations/mutation.ts';
import type { Node } from './node/node.ts';
import { World, type WorldOptions } from './world.ts';

const LOOK_MS = 1_000;

export class Scenario {
  readonly world: World;

  constructor(
    seed: number,
    { nodes, hooks, addresses, named }: Pick<WorldOptions, 'nodes' | 'hooks' | 'addresses' | 'named'>,
    mutation?: Mutation,
  ) {
    const write = process.env.SIMULATION_TRACE ? (line: string) => process.stdout.write(`${line}\n`) : undefined;
    this.world = new World({
      seed,
      nodes,
      additions: ALWAYS,
      ...(hooks === undefined ? {} : { hooks }),
      ...(addresses === undefined ? {} : { addresses: mutation?.addresses ?? addresses }),
      ...(named === undefined ? {} : { named }),
      ...(mutation ? { mutation } : {}),
      ...(write ? { write } : {}),
    });
  }

  get nodes(): readonly Node[] {
    return this.world.living;
  }

  /** The node with this id. */
  node(id: number): Node {
    const found = this.world.living.find((node) => node.disk.id === id);
    if (!found) throw new Error(`No living node has id ${id}.`);
    return found;
  }

  get leader(): Node {
    const host = this.world.leader?.host;
    const found = this.world.nodes.find((node) => node === host);
    if (!found) throw new Error('Nobody leads.');
    return found;
  }

  get followers(): readonly Node[] {
    return this.nodes.filter((node) => node !== this.leader);
  }

  async advance(ms: number): Promise<void> {
    await this.world.scheduler.run(this.world.scheduler.nowMs + ms, () => false);
  }

  async until(what: string, holds: () => boolean, limitMs: number): Promise<void> {
    const endMs = this.world.scheduler.nowMs + limitMs;
    while (!holds()) {
      if (this.world.scheduler.nowMs > endMs) {
        const lacks = whyNotHealed(this.world) ?? 'whole by now';
        const said = this.nodes.map((node) => `${node.name}: ${node.said}`).join(' | ');
        throw new Violation('heals', `not within ${limitMs / 1_000} s: ${what} (${lacks}); ${said}`);
      }
      await this.advance(LOOK_MS);
    }
  }

  async whole(limitMs = 1_800_000): Promise<void> {
    await this.until('the cluster is whole', () => whyNotHealed(this.world) === undefined, limitMs);
    await this.advance(20_000);
  }

  /** They end at this very moment, and EC2 says terminated. */
  terminateAtOnce(...nodes: readonly Node[]): void {
    for (const node of nodes) {
      node.powerOff('terminated');
      this.world.cloud.instances.terminated(node.instance);
    }
  }

  /** They leave the group, which replaces none of them and keeps all others, and end at once. */
  detach(...nodes: readonly Node[]): void {
    this.world.cloud.group.detach(nodes.map((node) => node.instance));
    this.terminateAtOnce(...nodes);
  }

  /** They shut down for a while, as instances do, and are terminated then. */
  async terminate(...nodes: readonly Node[]): Promise<void> {
    for (const node of nodes) this.world.terminate(node.instance);
    await this.until('they are terminated', () => nodes.every((node) => node.instance.state === 'terminated'), 60_000);
  }

  /** The pool of Elastic IPs. */
  get elasticIps(): ElasticIps {
    const { elasticIps } = this.world;
    if (!elasticIps) throw new Error('There are no Elastic IPs.');
    return elasticIps;
  }

  /** Every record in the bucket, as it was written. */
  records(): readonly { readonly kind: string; readonly owner?: { readonly instance: string } }[] {
    const { objects } = this.world.cloud;
    return objects
      .list('lineage/')
      .filter(({ key }) => /^lineage\/\d+\.json$/.test(key))
      .map(({ key }) => JSON.parse(objects.get(key)?.body ?? '{}') as { kind: string });
  }

  configOf(nodes: readonly Node[]): ReturnType<typeof memberAt>[] {
    return nodes.map((node) => memberAt(node.disk.id ?? 0, node.address, 'participant'));
  }
}
