// SPDX-License-Identifier: Apache-2.0
/** What must hold for ids at every moment, and for the claims on them once all is quiet. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClaimView } from '../../../lab/daemon/bucket-view.ts';
import type { Host } from '../../../lab/hypervisor/hypervisor.ts';
import type { TestLab } from './lab.ts';

const LOOK_MS = 150;

/** Looks, again and again, at the servers that run and the ids on their disks: never may two have the same one. */
export class IdWatch implements Disposable {
  readonly #lab: TestLab;
  readonly #timer: NodeJS.Timeout;
  readonly #clashes = new Set<string>();
  readonly #seen = new Set<string>();

  constructor(lab: TestLab) {
    this.#lab = lab;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  #look(): void {
    const byId = new Map<number, string>();
    for (const host of this.#lab.lab.hypervisor.hosts) {
      const id = host.machine.zookeeperProcesses().length > 0 ? idOf(host) : undefined;
      if (id === undefined) continue;
      this.#seen.add(`${id} ${host.instance}`);
      const other = byId.get(id);
      if (other !== undefined) this.#clashes.add(`id ${id}: ${other} and ${host.instance}`);
      byId.set(id, host.instance);
    }
  }

  /** How many pairs of an id and an instance have run so far. */
  get pairs(): number {
    return this.#seen.size;
  }

  check(): void {
    this.#look();
    assert.ok(this.#seen.size > 0, 'The watch has seen servers.');
    assert.deepEqual([...this.#clashes], [], 'No two servers ever ran with one id.');
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function idOf(host: Host): number | undefined {
  try {
    return Number(readFileSync(join(host.machine.directory, 'data', 'myid'), 'utf8').trim());
  } catch {
    return undefined;
  }
}

/** The claims as `id.generation instance`, `void` or `nobody`, lowest ids and generations first. */
export function claimsInWords(claims: readonly ClaimView[]): readonly string[] {
  return claims.map(({ id, generation, owner }) => {
    const whose = owner === undefined ? 'nobody' : owner === 'void' ? 'void' : owner.instance;
    return `${id}.${generation} ${whose}`;
  });
}

/**
 * Every running node owns exactly one generation, the highest of the id on its disk; the generations of an id have no
 * holes, and all but the highest are void or of instances that are gone.
 */
export async function checkClaims(lab: TestLab): Promise<void> {
  const claims = await lab.claims();
  const nodes = await lab.nodes();
  const running = new Set(nodes.map((node) => node.instance));
  const owned = nodes.map((node) => [node.id, claims.filter((claim) => isOwner(claim, node.instance))] as const);
  for (const [id, own] of owned) {
    assert.deepEqual(
      own.map((claim) => claim.id),
      [id],
      `The node with id ${id} owns one claim, on its id: ${claimsInWords(claims)}`,
    );
  }
  for (const [id, generations] of byId(claims)) {
    assert.deepEqual(
      generations.map((claim) => claim.generation),
      generations.map((_, index) => index + 1),
      `The generations of id ${id} have no holes.`,
    );
    for (const claim of generations.slice(0, -1)) {
      const { owner } = claim;
      assert.ok(owner !== undefined, `${id}.${claim.generation} was passed on though its owner is unknown.`);
      assert.ok(
        owner === 'void' || !running.has(owner.instance),
        `${id}.${claim.generation} was passed on though its owner runs.`,
      );
    }
  }
}

function isOwner({ owner }: ClaimView, instance: string): boolean {
  return typeof owner === 'object' && owner.instance === instance;
}

function byId(claims: readonly ClaimView[]): ReadonlyMap<number, readonly ClaimView[]> {
  const grouped = new Map<number, readonly ClaimView[]>();
  for (const claim of claims) grouped.set(claim.id, [...(grouped.get(claim.id) ?? []), claim]);
  return grouped;
}
