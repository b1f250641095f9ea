// SPDX-License-Identifier: Apache-2.0
/**
 * One node in memory, every port of it: what it did stands in `journal`, in order, and it can crash before or after
 * any of its effects. Only for tests of order and repetition; what disks and servers really do is tested on them.
 */
import { AgentError } from '../../src/errors.ts';
import type { InstanceFact } from '../../src/model/cloud.ts';
import type { DiskFacts } from '../../src/model/disk.ts';
import type { EnsembleConfig } from '../../src/model/member.ts';
import type { ServerAnswer } from '../../src/model/server.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import type { Clock, NodeDisk, Ports, ReconfigAnswer, ServerControl, Servers, SlotShelf } from '../../src/ports.ts';
import { addressOf, configOf, dataOf, EMPTY_DISK, groupFact, instanceOf } from '../decide/parts.ts';
import { MemoryNames } from './memory-names.ts';
import { MemoryShelf } from './memory-shelf.ts';

export class Crash extends Error {}

export class MemoryNode {
  readonly journal: string[] = [];
  readonly shelf = new MemoryShelf();
  readonly names = new MemoryNames();
  readonly id: number;
  disk: DiskFacts = EMPTY_DISK;
  running = false;
  /** `zoo.cfg` is another agent's. */
  otherSettings = false;
  /** The supervisor is about to start the server. */
  restarting = false;
  nowMs = 0;
  /** By address; whoever is missing is silent. */
  answers = new Map<string, ServerAnswer>();
  configs = new Map<string, EnsembleConfig>();
  reconfigAnswer: ReconfigAnswer = 'ok';
  instances: InstanceFact[] = [1, 2, 3].map((id) => ({ instance: instanceOf(id), state: 'running' }));
  group = groupFact([1, 2, 3]);
  targetState: string | undefined = 'InService';
  /** The lifecycle state that the disk remembers. */
  state: { readonly lifecycleState: string; readonly sinceMs: number } | undefined;
  /** `<hook> <instance> <result>` of every hook that was completed. */
  readonly completed = new Set<string>();
  readonly signals = new Set<string>();
  /** By allocation, the instance that has the address. */
  readonly attached = new Map<string, string>();
  readonly logged: Readonly<Record<string, unknown>>[] = [];
  /** The number of the effect after which the process dies; effects are the journal's entries that change something. */
  crashAfterEffect = Number.POSITIVE_INFINITY;
  /** Called with each entry as it is written; throwing makes the port fail. */
  onCall: (entry: string) => void = () => {};
  #effects = 0;

  constructor(id = 1) {
    this.id = id;
    this.shelf.before = (call) => this.#note(call);
    this.shelf.after = (call) => {
      if (/^(create|replace|delete|stream) /.test(call)) this.#effect();
    };
  }

  #note(entry: string): void {
    if (this.#effects >= this.crashAfterEffect) throw new Crash('The process is dead.');
    this.onCall(entry);
    this.journal.push(entry);
  }

  #effect(): void {
    this.#effects++;
    if (this.#effects >= this.crashAfterEffect) throw new Crash('The process died after this effect.');
  }

  /** The same node with a new process. */
  reborn(): this {
    this.crashAfterEffect = Number.POSITIVE_INFINITY;
    this.journal.length = 0;
    this.#effects = 0;
    return this;
  }

  get effects(): number {
    return this.#effects;
  }

  #change(entry: string, change: Partial<DiskFacts>, without: readonly (keyof DiskFacts)[] = []): void {
    this.#note(`disk ${entry}`);
    const disk: Record<string, unknown> = { ...this.disk, ...change };
    for (const key of without) delete disk[key];
    this.disk = disk as unknown as DiskFacts;
    this.#effect();
  }

  readonly #disk: NodeDisk = {
    read: async () => {
      this.#note('disk read');
      return this.disk;
    },
    isFenced: async () => {
      this.#note('disk fenced?');
      return this.disk.fence !== undefined;
    },
    writeId: async (id) => this.#change(`id ${id}`, { id }),
    writeNonce: async (nonce) => this.#change('nonce', { nonce }),
    writeMarker: async () => this.#change('marker', { marker: true }),
    writeStamp: async (stamp) => this.#change(`stamp ${stamp.lineage}`, { stamp }),
    writeConfig: async (config) => this.#change('config', { config }, ['pending']),
    hasOtherSettings: async () => this.otherSettings,
    writeSettings: async () => {
      this.otherSettings = false;
      await this.#change('settings', {});
    },
    writeCommitted: async (config) => this.#change(`committed ${config.version}`, { config }),
    raiseAcceptedEpoch: async (epoch) => {
      const data = this.disk.data ?? dataOf(0, ZXID_ZERO);
      const acceptedEpoch = Math.max(epoch, data.acceptedEpoch);
      this.#change(`accepted ${epoch}`, { data: { ...data, acceptedEpoch } });
    },
    setDataAside: async (name) => {
      const { data, stamp } = this.disk;
      const kept = data ? [{ name, lineage: stamp?.lineage ?? 0, data }] : [];
      this.#change(`aside ${name}`, { aside: [...this.disk.aside, ...kept] }, ['data', 'stamp', 'config', 'pending']);
    },
    setCopyAside: async (name) => {
      const { data, stamp } = this.disk;
      const kept = data ? [{ name, lineage: stamp?.lineage ?? 0, data }] : [];
      const change = { aside: [...this.disk.aside, ...kept], marker: false };
      this.#change(`aside ${name}`, change, ['data', 'stamp', 'nonce', 'config', 'pending']);
    },
    copyDataAside: async (name) => {
      const { data, stamp, aside } = this.disk;
      const there = aside.some((entry) => entry.name === name);
      const kept = data && !there ? [{ name, lineage: stamp?.lineage ?? 0, data }] : [];
      this.#change(`copy ${name}`, { aside: [...aside, ...kept] });
    },
    restoreAside: async (name) => {
      if (this.disk.data) throw new Error('There is data already.');
      const kept = this.disk.aside.find((entry) => entry.name === name);
      if (!kept) throw new Error(`Nothing is set aside as ${name}.`);
      this.#change(`restore ${name}`, { data: kept.data });
    },
    raiseFence: async (fence) => this.#change(`fence ${fence.record}`, { fence }),
    liftFence: async () => this.#change('unfence', {}, ['fence']),
    mark: async (name) => this.#change(`mark ${name}`, { [name]: true }),
    unmark: async (name) => this.#change(`unmark ${name}`, { [name]: false }),
    noteFailedStart: async (why) => {
      const { data } = this.disk;
      if (data) this.#change('failed start', { data: { ...data, damage: why } });
    },
    vouch: async (version, _members) => this.#change(`vouch ${version}`, { vouched: version }),
    noteName: async (place, generation) =>
      this.#change(`named ${place}.${generation}`, { named: { place, generation } }),
    note: async (occasion, nowMs) => {
      const before = this.disk.occasions ?? { 'fresh-config': [], 'set-aside': [] };
      this.#change(`note ${occasion}`, { occasions: { ...before, [occasion]: [...before[occasion], nowMs] } });
    },
    inStateSince: async (lifecycleState, nowMs) => {
      this.#note(`disk in ${lifecycleState}`);
      if (this.state?.lifecycleState !== lifecycleState) this.state = { lifecycleState, sinceMs: nowMs };
      return this.state.sinceMs;
    },
  };

  readonly #server: ServerControl = {
    state: async () => {
      this.#note('server up?');
      if (this.running) return { kind: 'running', upMs: 10_000 };
      return { kind: this.restarting ? 'restarting' : 'stopped' };
    },
    work: async () => {
      this.#note('server work?');
      return this.running ? { cpuMs: 0, bytes: 0 } : undefined;
    },
    start: async () => {
      this.#note('server start');
      if (this.disk.fence) throw new AgentError('FENCED', 'A fence stands.', 'Wait.');
      this.running = true;
      this.answers.set(addressOf(this.id), { kind: 'serving', mode: 'follower', zxid: ZXID_ZERO });
      this.#effect();
    },
    stop: async () => {
      this.#note('server stop');
      const stops = this.running || this.restarting;
      this.running = false;
      this.restarting = false;
      this.answers.delete(addressOf(this.id));
      if (stops) this.#effect();
    },
  };

  readonly #servers: Servers = {
    srvr: async (address) => {
      this.#note(`srvr ${address}`);
      return this.answers.get(address) ?? { kind: 'silent', why: 'refused' };
    },
    learners: async (address) => {
      this.#note(`learners ${address}`);
      return 2;
    },
    open: async (address, { secret }) => {
      this.#note(`open ${address}${secret ? ' with secret' : ''}`);
      const config = this.configs.get(address);
      if (!config) throw new AgentError('ZOOKEEPER_UNAVAILABLE', `${address} opens no session.`, 'Wait.');
      return {
        config: async () => {
          this.#note(`config ${address}`);
          return this.configs.get(address) ?? configOf([]);
        },
        reconfig: async (change) => {
          this.#note(
            `reconfig ${JSON.stringify({ joining: change.joining?.map(({ id }) => id), leaving: change.leaving })}`,
          );
          this.#effect();
          return this.reconfigAnswer;
        },
        close: async () => this.#note(`close ${address}`),
      };
    },
  };

  readonly #clock: Clock = {
    nowMs: () => 1_700_000_000_000 + this.nowMs,
    monotonicMs: () => this.nowMs,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      this.#note(`sleep ${ms}`);
      this.nowMs += ms;
    },
  };

  readonly #slots: SlotShelf = {
    kind: 'elastic-ip',
    list: async () => [],
    attach: async ({ allocation }, instance) => {
      this.#note(`attach ${allocation}`);
      const has = this.attached.get(allocation) ?? instance;
      if (has !== instance) return 'taken';
      this.attached.set(allocation, instance);
      this.#effect();
      return 'attached';
    },
    ownAddress: async () => undefined,
  };

  /** Its id has an address of its own from now on. */
  standsOnSlots(): this {
    this.ports = { ...this.ports, slots: this.#slots };
    return this;
  }

  ports: Ports = {
    clock: this.#clock,
    names: {
      read: async () => {
        this.#note('names');
        return this.names.records;
      },
      replace: async (there, wanted) => {
        this.#note(`replace ${there.length} by ${wanted.length} names`);
        const answer = this.names.replace(there, wanted);
        this.#effect();
        return answer;
      },
    },
    metadata: {
      identity: async () => {
        this.#note('identity');
        return {
          instance: instanceOf(this.id),
          address: addressOf(this.id),
          region: 'eu-central-1',
          zone: 'eu-central-1a',
        };
      },
      targetLifecycleState: async () => {
        this.#note('target state');
        return this.targetState;
      },
    },
    ec2: {
      describe: async (ids) => {
        this.#note('ec2 describe');
        return this.instances.filter(({ instance }) => ids.includes(instance));
      },
      describeCluster: async () => {
        this.#note('ec2 cluster');
        return this.instances;
      },
      isForgotten: async (instance) => {
        this.#note(`ec2 forgotten? ${instance}`);
        return !this.instances.some((fact) => fact.instance === instance);
      },
      tag: async () => this.#note('ec2 tag'),
    },
    autoScaling: {
      groupOf: async () => {
        this.#note('group of');
        return this.group.name;
      },
      describe: async () => {
        this.#note('group');
        return this.group;
      },
      setMaintenance: async () => this.#note('maintenance'),
      completeHook: async (_group, hook, instance, result) => {
        this.#note(`complete ${hook} of ${instance}: ${result}`);
        this.completed.add(`${hook} ${instance} ${result}`);
        this.#effect();
      },
      heartbeat: async (_group, hook, instance) => {
        this.#note(`heartbeat ${hook} of ${instance}`);
        return 'recorded';
      },
      hookLimitMs: async () => 30_000_000,
    },
    stackSignals: {
      signal: async (status, uniqueId) => {
        this.#note(`signal ${status} of ${uniqueId}`);
        this.signals.add(`${status} ${uniqueId}`);
        this.#effect();
        return 'told';
      },
    },
    claimStreams: this.shelf.claimStreams,
    objects: this.shelf.objects,
    servers: this.#servers,
    disk: this.#disk,
    server: this.#server,
    nonce: () => 'fresh-nonce',
    log: { write: (entry) => void this.logged.push(entry) },
  };
}
