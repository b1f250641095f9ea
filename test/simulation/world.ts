// SPDX-License-Identifier: Apache-2.0
/** One simulated cluster: its cloud, its nodes, their servers, a client, and the checkers that watch. */
import type { LoopParts } from '../../src/loop.ts';
import type { EnsembleConfig } from '../../src/model/member.ts';
import type { NameZone } from '../../src/model/names.ts';
import { Additions, type AdditionTo } from './additions/additions.ts';
import { ByHand } from './by-hand.ts';
import { checkIdentity } from './checkers/identity.ts';
import { LifecycleChecker } from './checkers/lifecycle.ts';
import { checkProposal, ReadyMeansVoting } from './checkers/membership.ts';
import { NoDataDeleted } from './checkers/no-data-deleted.ts';
import { OneHistory } from './checkers/one-history.ts';
import { checkIdle, checkStamp } from './checkers/own-server.ts';
import { QuorumKept } from './checkers/quorum-kept.ts';
import { SlotChecker } from './checkers/slots.ts';
import { ElasticIps } from './cloud/elastic-ips.ts';
import { Group, type Machines } from './cloud/group.ts';
import { type Instance, Instances } from './cloud/instances.ts';
import { NameServers } from './cloud/names.ts';
import { Objects } from './cloud/objects.ts';
import { SimulatedStack } from './cloud/stack.ts';
import { Streams } from './cloud/streams.ts';
import { Weather } from './cloud/weather.ts';
import type { Cluster } from './cluster.ts';
import { Random } from './core/random.ts';
import { Scheduler } from './core/scheduler.ts';
import { Trace } from './core/trace.ts';
import { Violation } from './core/violation.ts';
import { Node, type NodeWorld, type Replaced } from './node/node.ts';
import type { Cloud } from './node/ports.ts';
import type { Hand, Machine } from './node/run.ts';
import { Supervisor } from './node/supervisor.ts';
import { Person } from './person.ts';
import { Writer } from './writer.ts';
import { Ensemble } from './zookeeper/ensemble.ts';
import type { Entry, Log } from './zookeeper/entry.ts';
import type { Host, Server } from './zookeeper/server.ts';
import type { Witness } from './zookeeper/witness.ts';

/**
 * Where nothing but scaling and updates happens, each node gets one whole look within the heartbeat timeout of a hook,
 * which is ten ticks. An agent that dies in every tick sends no heartbeat, so the group terminates its node in the
 * middle of its leaving, and no rule of an agent could keep the quorum (seed 50008924).
 */
const DEATHS_WITHIN_A_HOOK = 6;

/** So that the addresses change nothing that is drawn for anything else. */
const ADDRESS_SALT = 0xe1a5;

/** What a mutation replaces. */
export interface ReplacedIn extends Replaced {
  /** Gets the world before it begins, for what happens outside of any agent. */
  readonly world?: (world: World) => void;
}

export interface WorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly mutation?: ReplacedIn;
  /** Whether the group belongs to a stack, with hooks; the seed says so when this does not. */
  readonly hooks?: boolean;
  /** How many Elastic IPs there are; without them the identity is dynamic. */
  readonly addresses?: number;
  /** Whether it has names; the seed says so when this does not. */
  readonly named?: boolean;
  readonly write?: (line: string) => void;
  /** What else can befall it. */
  readonly additions: readonly AdditionTo<World>[];
}

export class World implements NodeWorld, Witness, Cluster {
  readonly random: Random;
  readonly scheduler = new Scheduler();
  readonly trace: Trace;
  readonly weather: Weather;
  readonly ensemble: Ensemble;
  readonly additions: Additions<World>;
  readonly supervisor: Supervisor;
  readonly cloud: Cloud;
  readonly elasticIps: ElasticIps | undefined;
  readonly nodes: Node[] = [];
  readonly history: OneHistory;
  readonly writer: Writer;
  readonly mutation: ReplacedIn | undefined;
  parts: ((parts: LoopParts, node: Node) => LoopParts) | undefined;
  crashShare = 0;
  readonly mostDeathsInARow: number;
  hand: Hand = {};
  newsAtMs = 0;
  effects = 0;
  /** Every so many histories, among the clusters with hooks, one sees nothing but scaling and updates. */
  readonly scalingAlone: boolean;
  /** Undefined where the cluster has no names. */
  zone: NameZone | undefined;
  /** A scenario has names: then nobody claims at a bad moment by chance. */
  readonly namedByScenario: boolean;
  /** Members that no agent added. */
  readonly byHand = new ByHand(this);
  readonly person = new Person(this);
  readonly quorum = new QuorumKept();
  readonly #lifecycle = new LifecycleChecker(this);
  readonly #deleted = new NoDataDeleted();
  #slots: SlotChecker | undefined;
  readonly #ready = new ReadyMeansVoting();
  #configs: EnsembleConfig[] = [];
  #bug: Violation | undefined;

  constructor({ seed, nodes, mutation, hooks, addresses, named, write, additions }: WorldOptions) {
    this.random = new Random(seed);
    this.trace = new Trace(this.scheduler, write);
    this.weather = new Weather(this.random, this.scheduler);
    this.mutation = mutation;
    this.history = new OneHistory(() => this.nodes);
    this.ensemble = new Ensemble(this.scheduler, this.random, this.trace, this);
    this.additions = new Additions<World>(seed, additions);
    // Names with Elastic IPs are not built yet.
    const isNamed = named ?? (addresses === undefined && this.additions.strikes('names'));
    this.namedByScenario = named === true;
    this.zone = isNamed ? { domain: 'simulated.internal.', places: nodes } : undefined;
    this.supervisor = new Supervisor(this.scheduler, this.random, this.ensemble, this.additions);
    const instances = new Instances(this.random, this.scheduler);
    this.elasticIps =
      addresses === undefined
        ? undefined
        : new ElasticIps(addresses, instances, new Random(seed, ADDRESS_SALT), this.scheduler);
    if (this.elasticIps) this.#standOn(this.elasticIps, instances);
    // The group launches at once, and the nodes need a cloud by the time they boot.
    const cloud = {
      instances,
      stack: new SimulatedStack(() => this.cloud.group, this.#lifecycle, this.random, this.scheduler, this.trace),
      streams: new Streams(this.random, this.scheduler),
      objects: new Objects(this.scheduler),
      names: new NameServers(),
    };
    this.cloud = Object.assign(cloud, {
      group: new Group(
        { desired: nodes, hooks, maximum: addresses ?? Math.max(nodes, 9) },
        this.#machines(instances),
        this.#lifecycle,
        this.random,
        this.scheduler,
      ),
    });
    this.writer = new Writer(this.scheduler, this.random, this.ensemble);
    this.scalingAlone = seed % 4 === 0 && this.cloud.group.hasHooks;
    this.mostDeathsInARow = this.scalingAlone ? DEATHS_WITHIN_A_HOOK : Number.POSITIVE_INFINITY;
    mutation?.world?.(this);
  }

  /** An instance is reached at the Elastic IP that it has now, and by itself at its own address. */
  #standOn(elasticIps: ElasticIps, instances: Instances): void {
    this.#slots = new SlotChecker(elasticIps);
    instances.ended = ({ id }) => elasticIps.free(id);
    this.ensemble.looksForAddress = false;
    this.ensemble.isReached = (host, address) => {
      if (!(host instanceof Node)) return host.address === address;
      return host.instance.address === address || elasticIps.at(address) === host.name;
    };
  }

  #machines(instances: Instances): Machines {
    return {
      launch: () => {
        const instance = instances.launch();
        const node = new Node(instance, this);
        this.nodes.push(node);
        this.trace.line(instance.id, 'is launched', () => instance.address);
        this.scheduler.after(this.random.between(500, 15_000), () => {
          if (instance.state !== 'pending') return;
          instance.state = 'running';
          node.boot();
        });
        return instance;
      },
      terminate: (instance) => this.terminate(instance),
    };
  }

  /** It still runs while it shuts down. */
  terminate(instance: Instance): void {
    if (instance.state === 'shutting-down' || instance.state === 'terminated') return;
    instance.state = 'shutting-down';
    this.trace.line(instance.id, 'shuts down');
    const withinMs = this.random.between(500, 30_000);
    this.elasticIps?.dies(instance, withinMs);
    this.scheduler.after(withinMs, () => {
      this.nodes.find((node) => node.instance === instance)?.powerOff('terminated');
      this.cloud.instances.terminated(instance);
      this.trace.line(instance.id, 'is terminated');
    });
  }

  get committedConfigs(): readonly EnsembleConfig[] {
    return this.#configs;
  }

  get living(): readonly Node[] {
    return this.nodes.filter((node) => node.instance.state === 'running');
  }

  get leader(): Server | undefined {
    return this.ensemble.servers.find((server) => server.leads && server.phase === 'serving');
  }

  get newestRecord(): number {
    const { objects } = this.cloud;
    return objects.list('lineage/').filter(({ key }) => /^lineage\/\d+\.json$/.test(key)).length;
  }

  get forcedRecords(): number {
    const { objects } = this.cloud;
    const records = objects.list('lineage/').filter(({ key }) => /^lineage\/\d+\.json$/.test(key));
    return records.filter(({ key }) => objects.get(key)?.body.includes('"kind":"forced"')).length;
  }

  afterEffect(changed?: Machine): void {
    this.effects++;
    if (this.#bug) throw this.#bug;
    this.#slots?.look(this.cloud.objects, this.cloud.instances);
    if (this.quorum.watching) this.quorum.look(this.#configs.at(-1), this.ensemble.servers, this.nodes);
    if (!(changed instanceof Node) || changed.instance.state === 'terminated') return;
    this.#deleted.look(changed);
    this.#ready.look(changed, this.#configs);
  }

  pulsed(): void {
    this.#lifecycle.look();
  }

  /** The agent must never fail with anything but an error for people. */
  bug(node: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#bug ??= new Violation('agent-bug', `${node}: ${text}`);
  }

  strikes(name: string): boolean {
    return this.additions.strikes(name);
  }

  serverStarted(server: Server): void {
    checkIdentity(server, this.ensemble.servers);
    checkStamp(server);
    if (this.#slots && server.host instanceof Node) this.#slots.started(server.host);
  }

  givenFreshConfig(host: Host): void {
    checkIdle(host, this.ensemble);
  }

  reconfigProposed(leader: Server, from: EnsembleConfig, to: EnsembleConfig): void {
    checkProposal(leader, from, to, this.nodes, this.ensemble.servers, this.byHand);
  }

  reconfigCommitted(leader: Server, _from: EnsembleConfig, to: EnsembleConfig): void {
    this.#configs = [...this.#configs.slice(-20), to];
    this.trace.line(leader.host.name, 'config commits', () => this.ensemble.describe(leader));
  }

  established({ config }: Server): void {
    if (this.#configs.some(({ version }) => version === config.version)) return;
    this.#configs = [...this.#configs.slice(-20), config];
  }

  committed(leader: Server, entry: Entry): void {
    const servers = this.ensemble.servers.filter((server) => !this.byHand.isByHand(server.host));
    this.history.committed(leader, entry, servers);
  }

  synced(server: Server, leader: Server, before: Log, after: Log): void {
    if (!this.byHand.isGivenUp(server.host)) this.history.synced(server, leader, before, after);
  }
}
