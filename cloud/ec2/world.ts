// SPDX-License-Identifier: Apache-2.0
import type { ApiModel } from '../api-model/model.ts';
import type { MotoClient } from '../moto-client.ts';
import { type Struct, structAt, structsAt, textAt } from '../value.ts';
import {
  type Ec2Timings,
  type LateVisibility,
  type Lifetime,
  type Viewer,
  view,
  visibilityDelays,
} from './lifetime.ts';

interface Version {
  readonly atMs: number;
  readonly data: Struct;
}

interface Known {
  readonly id: string;
  /** ReservationId and OwnerId. */
  readonly reservation: Struct;
  /** Moto's descriptions of the instance with their times, oldest first. A stale answer uses an older one. */
  versions: readonly Version[];
  life: Lifetime;
}

export interface SeenInstance {
  readonly id: string;
  readonly instance: Struct;
  readonly reservation: Struct;
}

const HISTORY_MS = 120_000;

/**
 * The instances: moto's descriptions, and when EC2 shows them to which viewer. `refresh` follows every EC2 call that
 * may change an instance. So answers come from memory, because moto needs 2.5 ms to write one instance.
 */
export class Ec2World {
  readonly #moto: MotoClient;
  readonly #model: ApiModel;
  readonly #timings: Ec2Timings;
  readonly #late: LateVisibility | undefined;
  readonly #instances = new Map<string, Known>();
  readonly #listeners = new Set<() => void>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(moto: MotoClient, model: ApiModel, timings: Ec2Timings, late: LateVisibility | undefined) {
    this.#moto = moto;
    this.#model = model;
    this.#timings = timings;
    this.#late = late;
  }

  /** All instances that this viewer sees, oldest first. */
  see(viewer: Viewer): readonly SeenInstance[] {
    return [...this.#instances.keys()].flatMap((id) => this.seeOne(id, viewer) ?? []);
  }

  seeOne(id: string, viewer: Viewer): SeenInstance | undefined {
    const known = this.#instances.get(id);
    const version = known?.versions.findLast(({ atMs }) => atMs <= viewer.atMs);
    if (known === undefined || version === undefined) return undefined;
    const instance = view(id, version.data, known.life, viewer);
    return instance === undefined ? undefined : { id, instance, reservation: known.reservation };
  }

  /** The present state: `running`, `terminated`, …; undefined for an unknown or forgotten instance. */
  state(id: string): string | undefined {
    const seen = this.seeOne(id, { caller: 'gateway', atMs: Date.now() });
    return textAt(structAt(seen?.instance, 'State'), 'Name');
  }

  /** Whether the things that this instance held are free for others. */
  isFreed(id: string): boolean {
    return (this.#instances.get(id)?.life.freedAtMs ?? Infinity) <= Date.now();
  }

  /** Reads these instances from moto again, or all of them. */
  async refresh(ids?: readonly string[]): Promise<void> {
    if (ids?.length === 0) return;
    const filters = ids === undefined ? {} : { Filters: [{ Name: 'instance-id', Values: ids }] };
    const answer = await this.#moto.ask(this.#model, 'DescribeInstances', filters);
    const nowMs = Date.now();
    let changed = false;
    for (const reservation of structsAt(answer, 'Reservations')) {
      const { ReservationId = '', OwnerId = '' } = reservation;
      for (const data of structsAt(reservation, 'Instances')) {
        changed = this.#learn(data, { ReservationId, OwnerId }, nowMs) || changed;
      }
    }
    if (changed) this.#announce();
  }

  /** Makes EC2 forget this terminated instance now. */
  forget(id: string): void {
    const known = this.#instances.get(id);
    if (known === undefined) throw new Error(`there is no instance ${id}`);
    if (this.state(id) !== 'terminated') throw new Error(`${id} is ${this.state(id) ?? 'forgotten'}, not terminated`);
    known.life = { ...known.life, forgottenAtMs: Date.now() };
    this.#announce();
  }

  /**
   * Calls `listener` at once when an instance may have changed its state, tags or existence. Returns the function that
   * ends this.
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** These instances were told to stop. They are `stopping` until `stopped` is called for them. */
  stopping(ids: readonly string[]): void {
    for (const id of ids) this.#live(id, { stopping: true });
  }

  stopped(id: string): void {
    this.#live(id, { stopping: false });
    this.#announce();
  }

  /** These instances were told to start. They are `pending` for a while. */
  starting(ids: readonly string[]): void {
    const nowMs = Date.now();
    for (const id of ids) this.#live(id, { runningAtMs: nowMs + this.#timings.pendingMs });
    if (ids.length > 0) this.#announceAt(nowMs + this.#timings.pendingMs, nowMs);
  }

  #live(id: string, change: Partial<Lifetime>): void {
    const known = this.#instances.get(id);
    if (known !== undefined) known.life = { ...known.life, ...change };
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#listeners.clear();
  }

  #learn(data: Struct, reservation: Struct, nowMs: number): boolean {
    const id = textAt(data, 'InstanceId') ?? '';
    const known = this.#instances.get(id) ?? this.#meet(id, reservation, nowMs);
    const last = known.versions.at(-1);
    const ended = textAt(structAt(data, 'State'), 'Name') === 'terminated' && known.life.terminatedAtMs === undefined;
    if (last !== undefined && !ended && JSON.stringify(last.data) === JSON.stringify(data)) return false;
    // Moto removes at once what EC2 removes later. Until then the version before is still the right one.
    const kept = ended && last !== undefined ? { ...data, ...presentIn(last.data, data) } : data;
    known.versions = [...recent(known.versions, nowMs), { atMs: nowMs, data: kept }];
    if (ended) this.#end(known, nowMs);
    return true;
  }

  #meet(id: string, reservation: Struct, nowMs: number): Known {
    const delays = visibilityDelays(this.#late, this.#instances.size);
    const visibleAtMs = nowMs + delays.instanceMs;
    const life: Lifetime = {
      launchedAtMs: nowMs,
      runningAtMs: nowMs + this.#timings.pendingMs,
      visibleAtMs,
      tagsVisibleAtMs: visibleAtMs + delays.tagsMs,
    };
    const known: Known = { id, reservation, versions: [], life };
    this.#instances.set(id, known);
    this.#announceAt(life.runningAtMs, nowMs);
    return known;
  }

  #end(known: Known, nowMs: number): void {
    const terminatedAtMs = nowMs + this.#timings.shuttingDownMs;
    const strippedAtMs = terminatedAtMs + this.#timings.remainsMs;
    const freedAtMs = terminatedAtMs + this.#timings.detachMs;
    known.life = { ...known.life, shuttingDownAtMs: nowMs, terminatedAtMs, strippedAtMs, freedAtMs };
    this.#announceAt(terminatedAtMs, nowMs);
    this.#announceAt(freedAtMs, nowMs);
  }

  #announceAt(atMs: number, nowMs: number): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#announce();
      },
      Math.max(0, atMs - nowMs) + 1,
    );
    this.#timers.add(timer);
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }
}

function recent(versions: readonly Version[], nowMs: number): readonly Version[] {
  return versions.filter((_, at) => at === versions.length - 1 || (versions[at + 1]?.atMs ?? 0) > nowMs - HISTORY_MS);
}

/** The members of the earlier data that are missing or empty in the later data. */
function presentIn(earlier: Struct, later: Struct): Struct {
  return Object.fromEntries(
    Object.entries(earlier).filter(([name]) => {
      const value = later[name];
      return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
    }),
  );
}
