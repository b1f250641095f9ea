// SPDX-License-Identifier: Apache-2.0
/** A simulated node: an instance with its disk, its server, and its agent's runs under one lock. */
import { AgentError } from '../../../src/errors.ts';
import { type AgentOrder, type LoopParts, REAL_PARTS, runAgent } from '../../../src/loop.ts';
import type { Advice } from '../../../src/model/advice.ts';
import type { NameZone } from '../../../src/model/names.ts';
import type { Ports } from '../../../src/ports.ts';
import type { Timings } from '../../../src/timings.ts';
import type { ElasticIps } from '../cloud/elastic-ips.ts';
import type { Instance } from '../cloud/instances.ts';
import type { Ensemble } from '../zookeeper/ensemble.ts';
import type { Host } from '../zookeeper/server.ts';
import { bring } from './brought.ts';
import { blankDisk, copyOfDisk, type DiskState } from './disk-state.ts';
import { heldUp } from './held-up.ts';
import { type Cloud, portsOf } from './ports.ts';
import { type Machine, Run, type Surroundings } from './run.ts';
import type { Supervisor } from './supervisor.ts';
import { CLUSTER, SIMULATED_TIMINGS, TICK_MS } from './timings.ts';
import { isWell } from './well.ts';

/** What a mutation puts in the place of an agent's world or of its parts (mutations/mutation.ts). */
export interface Replaced {
  readonly ports?: (ports: Ports, node: Node) => Ports;
  readonly parts?: (parts: LoopParts) => LoopParts;
  readonly timings?: Partial<Timings>;
}

export interface NodeWorld extends Surroundings {
  /** Undefined where the cluster has no names. */
  readonly zone: NameZone | undefined;
  readonly cloud: Cloud;
  readonly ensemble: Ensemble;
  readonly supervisor: Supervisor;
  /** Absent where a node stands at its instance's own address. */
  readonly elasticIps: ElasticIps | undefined;
  readonly mutation: Replaced | undefined;
  /** What a scenario puts around the parts of a node's agent. */
  readonly parts: ((parts: LoopParts, node: Node) => LoopParts) | undefined;
  /** The agent failed with something that is no error for people. */
  bug(node: string, error: unknown): void;
}

export class Node implements Host, Machine {
  readonly name: string;
  readonly instance: Instance;
  disk: DiskState;
  paused = false;
  unansweredUntilMs = 0;
  /** The operating system runs. */
  up = false;
  /** The agent's last word on why it does, or waits for, something. */
  said = '';
  /** And what it last told a person to do. */
  advice: readonly Advice[] = [];
  /** When it said so; minus infinity before it said anything. */
  advisedAtMs = Number.NEGATIVE_INFINITY;
  /** Its machine has ended, and nothing starts it again. */
  lost = false;
  /** Counts the operator's wipes, so that checkers know that data is gone by his hand. */
  wipes = 0;
  readonly #world: NodeWorld;
  #run: Run | undefined;
  #advisedBy: Run | undefined;
  #volumes = 0;
  #boots = 0;
  #deathsInARow = 0;
  #parked: (() => void)[] = [];

  constructor(instance: Instance, world: NodeWorld) {
    this.instance = instance;
    this.name = instance.id;
    this.#world = world;
    this.disk = blankDisk(this.#newVolume());
  }

  /** Where its server is a member, or would be. */
  get address(): string {
    return this.#world.elasticIps?.standing(this.instance) ?? this.instance.address;
  }

  /** The same, also when it has ended and another node stands there. */
  get lastAddress(): string {
    return this.#world.elasticIps?.lastOf(this.instance) ?? this.instance.address;
  }

  get acts(): boolean {
    return this.#run?.acts ?? false;
  }

  park(resume: () => void): void {
    this.#parked.push(resume);
  }

  /** For mutations that let a step take its time. */
  slownessMs(): number {
    return this.#world.random.between(0, 15_000);
  }

  /** Stream and object of a claim, for the mutation that deletes claims; no agent can. */
  deleteClaim(name: string): void {
    const { streams, objects } = this.#world.cloud;
    objects.delete(`claims/${name}.json`);
    streams.delete(name);
  }

  boot(): void {
    if (this.lost) return;
    this.up = true;
    const boot = ++this.#boots;
    this.#world.trace.line(this.name, 'boots', () => this.address);
    this.run({ command: 'bootstrap', limitMs: SIMULATED_TIMINGS.bootstrapLimitMs });
    const tick = (): void => {
      if (!this.up || boot !== this.#boots) return;
      if (!this.paused) this.#tick();
      this.#world.scheduler.after(TICK_MS, tick);
    };
    this.#world.scheduler.after(this.#world.random.between(1_000, TICK_MS), tick);
  }

  #tick(): void {
    const { additions, ensemble, cloud } = this.#world;
    const well = additions.isOn('healthy-tick') && isWell(this, { ensemble, group: cloud.group });
    if (well && additions.strikes('healthy-tick')) return;
    this.run({ command: 'recovery', limitMs: SIMULATED_TIMINGS.tickLimitMs });
  }

  /** The run that gave the advice goes on: it looks again and again, and says only what has changed. */
  get advisesStill(): boolean {
    return this.#run !== undefined && this.#run === this.#advisedBy;
  }

  /** One run at a time: the lock belongs to the process, so one that died has freed it. */
  run(order: Pick<AgentOrder, 'command' | 'limitMs' | 'allowEmptyGenesis' | 'rejoin'>): boolean {
    if (this.#run || !this.up) return false;
    const world = this.#world;
    const run = new Run(this, world, this.#deathsInARow, () => {
      this.#run = undefined;
      this.#deathsInARow++;
    });
    this.#run = run;
    const ports = portsOf(run, this, this.instance, world, (sentence, advice) => {
      this.said = sentence;
      this.advice = advice;
      this.advisedAtMs = world.scheduler.nowMs;
      this.#advisedBy = run;
    });
    run.note(`agent runs ${order.command}`);
    const { ties } = world.cloud.group;
    const stack = ties && { stack: ties };
    const zone = world.zone && { zone: world.zone };
    const agentOrder: AgentOrder = { cluster: CLUSTER, timings: SIMULATED_TIMINGS, ...stack, ...zone, ...order };
    const { mutation } = world;
    const mutated = mutation?.ports ? mutation.ports(ports, this) : ports;
    const unwatched = mutation?.parts ? mutation.parts(REAL_PARTS) : REAL_PARTS;
    const parts = heldUp(run, world.parts ? world.parts(unwatched, this) : unwatched);
    const timings = mutation?.timings ? { ...agentOrder.timings, ...mutation.timings } : agentOrder.timings;
    runAgent(mutated, { ...agentOrder, timings }, new AbortController().signal, parts).then(
      (outcome) => this.#ended(run, outcome.kind === 'dry-run' ? outcome.kind : `${outcome.kind}: ${outcome.why}`),
      (error: unknown) => {
        if (!(error instanceof AgentError)) world.bug(this.name, error);
        this.#ended(run, String(error));
      },
    );
    return true;
  }

  #ended(run: Run, how: string): void {
    if (!run.alive) return;
    run.alive = false;
    run.note('agent ends', () => how);
    this.#run = undefined;
    this.#deathsInARow = 0;
  }

  killAgent(why: string): void {
    this.#run?.die(why);
  }

  pause(): void {
    this.paused = true;
    this.#world.trace.line(this.name, 'is paused');
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#world.trace.line(this.name, 'is resumed');
    const parked = this.#parked;
    this.#parked = [];
    for (const resume of parked) this.#world.scheduler.after(this.#world.random.between(0, 50), resume);
    this.#world.ensemble.wake();
  }

  /** Everything that runs on it ends. */
  powerOff(why: string): void {
    this.up = false;
    this.#boots++;
    this.killAgent(why);
    this.#world.supervisor.stop(this, why);
    this.#parked = [];
    this.paused = false;
  }

  reboot(): void {
    if (this.instance.state !== 'running') return;
    this.powerOff('reboot');
    this.#world.scheduler.after(this.#world.random.between(3_000, 20_000), () => {
      if (this.instance.state === 'running' && !this.up) this.boot();
    });
  }

  lose(): void {
    this.#world.trace.line(this.name, 'loses its machine');
    this.powerOff('its machine is lost');
    this.lost = true;
  }

  /** A person starts it, if it is stopped, or reboots it, if it hangs. */
  startAgain(): void {
    const { instance } = this;
    if (instance.state === 'stopped') instance.state = 'running';
    if (instance.state !== 'running') return;
    if (this.paused) this.reboot();
    else if (!this.up) this.boot();
  }

  /** A person gives the data another name, so that it does not count any more. */
  moveDataAway(): void {
    this.#world.trace.line(this.name, 'has its data moved away');
    this.killAgent('stopped by the operator');
    this.wipes++;
    this.disk.data = undefined;
  }

  /** A new disk, or one whose `version-2` somebody deleted; the node reboots. */
  wipe(what: 'disk' | 'data'): void {
    this.#world.trace.line(this.name, `loses its ${what}`);
    this.powerOff('wiped');
    this.wipes++;
    if (what === 'disk') this.disk = blankDisk(this.#newVolume());
    else this.disk.data = undefined;
    this.reboot();
  }

  /** What was on a disk at an earlier time is on this node's from now on, on a volume of its own; the node reboots. */
  replaceDisk(earlier: DiskState): void {
    this.#world.trace.line(this.name, 'has its disk replaced by a copy', () => `of ${earlier.volume}`);
    this.powerOff('its disk is replaced');
    this.wipes++;
    const instead = this.disk;
    this.disk = copyOfDisk(earlier, this.#newVolume());
    this.disk.isCopiedId = earlier.id !== instead.id;
    bring(this.disk, instead);
    this.reboot();
  }

  /** Each fourth instance is of a kind that does not show it. */
  #newVolume(): string | undefined {
    const number = Number(this.name.replace(/\D/g, ''));
    return number % 4 === 0 ? undefined : `vol-${number.toString(16).padStart(4, '0')}${++this.#volumes}`;
  }
}
