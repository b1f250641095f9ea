// SPDX-License-Identifier: Apache-2.0
/**
 * All servers of the simulated world, and the pulse that gives each of them its turns in an order drawn from the seed.
 */
import type { NodeFile } from '../../../src/model/disk.ts';
import { listed } from '../../../src/model/member.ts';
import type { Random } from '../core/random.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Trace } from '../core/trace.ts';
import { blankData, damageOf, epochAtStart } from '../node/disk-state.ts';
import { look } from './election.ts';
import { lastZxid } from './entry.ts';
import { follow, giveUp } from './following.ts';
import { type Chamber, lead } from './leading.ts';
import { Lines } from './lines.ts';
import { Network } from './network.ts';
import { Requests } from './requests.ts';
import { type Host, Server } from './server.ts';
import type { Witness } from './witness.ts';

const QUICK_PULSE_MS = 40;
const SLOW_PULSE_MS = 1_000;

/** Files without which a server ends at its start. */
const NEEDED: readonly NodeFile[] = ['id', 'config', 'pending'];

export class Ensemble implements Chamber {
  servers: Server[] = [];
  readonly network = new Network();
  readonly requests = new Requests();
  readonly lines = new Lines();
  readonly witness: Witness;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #trace: Trace;
  #pulseAtMs = Number.POSITIVE_INFINITY;

  constructor(scheduler: Scheduler, random: Random, trace: Trace, witness: Witness) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#trace = trace;
    this.witness = witness;
  }

  get nowMs(): number {
    return this.#scheduler.nowMs;
  }

  /** The next turns come soon: something has changed. */
  wake(): void {
    this.#plan(this.#random.between(QUICK_PULSE_MS / 2, QUICK_PULSE_MS * 2));
  }

  #plan(delayMs: number): void {
    const atMs = this.nowMs + delayMs;
    if (atMs >= this.#pulseAtMs) return;
    this.#pulseAtMs = atMs;
    this.#scheduler.after(delayMs, () => {
      if (atMs !== this.#pulseAtMs) return;
      this.#pulseAtMs = Number.POSITIVE_INFINITY;
      this.#pulse();
    });
  }

  on(host: Host): Server | undefined {
    return this.servers.find((server) => server.host === host);
  }

  at(address: string): Server | undefined {
    return this.servers.find(({ host }) => this.isReached(host, address));
  }

  /** Whether who connects to this address is answered by this machine. */
  isReached: (host: Host, address: string) => boolean = (host, address) => host.address === address;
  /**
   * Whether a server looks for its own address in its config. One that listens on all addresses looks for its id alone.
   */
  looksForAddress = true;

  /** For scenarios: how much longer than usual each server loads its data that an agent starts. */
  loadsForMs = 0;
  /** For the mutation that leaves it out: the server's unit refuses to start without a stamp. */
  asksForStamp = true;

  /** Starts a server process; one whose config does not hold itself exits again at once. */
  start(host: Host): Server | undefined {
    const { disk } = host;
    const { id, config } = disk;
    if (disk.fence || id === undefined || !config || this.on(host)) return undefined;
    if (this.asksForStamp && !disk.stamp) return undefined;
    if (NEEDED.some((file) => disk.torn.has(file))) {
      this.#trace.line(host.name, 'server exits: a file of it is torn');
      return undefined;
    }
    const isListed = this.looksForAddress
      ? listed(config, id, host.address) !== undefined
      : config.members.some((member) => member.id === id);
    if (!isListed) {
      this.#trace.line(host.name, 'server exits: it is not in its own config');
      return undefined;
    }
    if (disk.full) {
      this.#trace.line(host.name, 'server exits: its disk is full');
      return undefined;
    }
    if (disk.data?.unloadable) {
      this.#trace.line(host.name, 'server exits: its data does not load');
      disk.failures++;
      disk.failedAtMs = this.nowMs;
      return undefined;
    }
    if (disk.data && damageOf(disk.data)) {
      this.#trace.line(host.name, 'server exits: its data is damaged');
      return undefined;
    }
    disk.data ??= blankData(disk.marker ? 0 : -1);
    if (epochAtStart(disk.data) !== disk.data.currentEpoch) {
      disk.data.currentEpoch = epochAtStart(disk.data);
      disk.data.half = undefined;
    }
    const server = new Server(host, id, config, this.nowMs, this.#random.between(300, 2_000));
    server.applied = undefined;
    this.servers.push(server);
    this.#trace.line(host.name, 'server starts', () => this.describe(server));
    this.witness.serverStarted(server);
    this.wake();
    return server;
  }

  /** The process is gone, whatever it was doing. */
  kill(host: Host, why: string): void {
    const server = this.on(host);
    if (!server) return;
    this.#trace.line(host.name, `server ends: ${why}`);
    server.running = false;
    if (server.leads && server.term) server.term.over = true;
    this.servers = this.servers.filter((other) => other !== server);
    this.requests.settle(this.nowMs);
    this.wake();
  }

  describe(server: Server): string {
    const { data, config, next } = server;
    const members = config.members
      .map((member) => `${member.id}${member.role === 'observer' ? 'o' : ''}@${member.address}`)
      .join(' ');
    return (
      `id ${server.id} ${server.leads ? 'leads' : server.phase} epoch ${data.currentEpoch}/${data.acceptedEpoch} ` +
      `log ${lastZxid(data.log)} config ${config.version}[${members}]${next ? ` next ${next.version}` : ''}`
    );
  }

  #pulse(): void {
    let changed = false;
    for (const server of this.#random.shuffle(this.servers)) {
      if (!server.awake || this.#random.chance(0.15)) continue;
      if (this.#turn(server)) changed = true;
    }
    this.requests.settle(this.nowMs);
    this.witness.pulsed();
    const unsettled = this.servers.some((server) => server.phase !== 'serving');
    if (changed || this.requests.busy) this.wake();
    else if (unsettled) this.#plan(this.#random.between(100, 400));
    else if (this.servers.length > 0) this.#plan(SLOW_PULSE_MS);
  }

  #turn(server: Server): boolean {
    if (server.phase === 'loading') return this.#load(server);
    const before = server.phase;
    const leadBefore = server.leads;
    const changed = this.#move(server);
    if (this.#trace.wanted && (server.phase !== before || server.leads !== leadBefore)) {
      this.#trace.line(server.host.name, 'server', () => this.describe(server));
    }
    return changed;
  }

  #move(server: Server): boolean {
    const term = server.term;
    if (server.phase === 'looking') return look(this, server);
    if (!term || term.over) {
      giveUp(server);
      return true;
    }
    return term.leader === server ? lead(this, server, term) : follow(this, server, term);
  }

  /** The marker goes when the database is loaded, before any election, and `snapshot.0` is written then. */
  #load(server: Server): boolean {
    if (this.nowMs < server.loadedAtMs) return false;
    const { disk } = server.host;
    if (disk.marker) {
      server.data.initialised = true;
      server.data.currentEpoch = Math.max(server.data.currentEpoch, 0);
      server.data.acceptedEpoch = Math.max(server.data.acceptedEpoch, 0);
      disk.marker = false;
    }
    server.phase = 'looking';
    return true;
  }
}
