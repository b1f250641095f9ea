// SPDX-License-Identifier: Apache-2.0
import { EventEmitter } from 'node:events';
import { NULL_DATA, type Stat, type Watched, type ZookeeperClient } from '../client/index.ts';
import type { ACL } from './acl.ts';
import type {
  AclCallback,
  BufferStat,
  ChildrenCallback,
  ContentThen,
  DataCallback,
  DoneCallback,
  Option,
  PathCallback,
  StatCallback,
  Transaction,
  TreeCallback,
  VersionThen,
  Watcher,
  WatcherThen,
} from './api.ts';
import { check, checkAcls, checkCallback, checkData, checkPath, versionThen, watcherThen } from './arguments.ts';
import type { ClientCall } from './calls.ts';
import { contentThen } from './content.ts';
import { aclOf, bufferStatOf, dataOf, longOf, toOldAcl } from './conversions.ts';
import { type Exception, exceptionOf } from './exception.ts';
import { withDefaults } from './options.ts';
import { ToldSession } from './session.ts';
import { MANAGER, reportOf, State } from './state.ts';
import { OpenTransaction } from './transaction.ts';
import { createEach, levelsOf, pathsTo, removeLevels } from './tree.ts';
import { Watchers } from './watchers.ts';

/** Null and the results; or an Exception alone. */
type Told<Results extends unknown[]> = (error: Exception | null, ...results: Results) => void;

/**
 * A client as node-zookeeper-client has it. Arguments that are wrong are thrown at once, as an AssertionError. All else
 * comes to the callback: an Exception, or null and the results. What a callback throws is an uncaught exception.
 *
 * Its events are `connected`, `connectedReadOnly`, `disconnected`, `expired` and `authenticationFailed`, and after each
 * of them `state` with the State.
 */
export class Client extends EventEmitter {
  readonly options: Option;
  /** For programs that look into the old client to tell whether it has ended. See MANAGER for the numbers. */
  readonly connectionManager: { state: number } = { state: MANAGER.disconnected };
  state: State = State.DISCONNECTED;
  readonly #session: ToldSession;
  readonly #watchers = new Watchers();

  constructor(connectionString: string, options?: Partial<Option> | null) {
    super();
    this.options = withDefaults(options ?? {});
    this.#session = new ToldSession(connectionString, this.options, (state) => this.onConnectionManagerState(state));
  }

  /** Begins a session, and keeps it connected until it is closed or expires. A client that has ended has no other. */
  connect(): void {
    this.#session.connect();
  }

  /** Ends the session after the calls that were made before, if a server is connected; otherwise at once. */
  close(): void {
    this.#session.close();
  }

  getState(): State {
    return this.state;
  }

  /** Eight bytes, of zero before there is a session. */
  getSessionId(): Buffer {
    return longOf(this.#session.id);
  }

  /** Sixteen bytes, of zero before there is a session. */
  getSessionPassword(): Buffer {
    return Buffer.from(this.#session.password);
  }

  /** In milliseconds: what the server granted, and before that what was asked for. */
  getSessionTimeout(): number {
    return this.#session.timeoutMs;
  }

  /** Authenticates this and every later connection. Refused, the client ends: `authenticationFailed`. */
  addAuthInfo(scheme: string, auth: Buffer): void {
    check(typeof scheme === 'string' && scheme !== '', 'scheme must be a string that is not empty');
    check(Buffer.isBuffer(auth), 'auth must be a Buffer');
    this.#session.addAuth(scheme, auth);
  }

  /** Takes a state of MANAGER: emits its event, and `state`, if it has one. */
  onConnectionManagerState(managerState: number): void {
    this.connectionManager.state = managerState;
    const report = reportOf(managerState);
    if (report === undefined) return;
    this.state = report.state;
    this.emit(report.event);
    this.emit('state', report.state);
  }

  create(path: string, ...given: ContentThen<PathCallback>): void {
    checkPath(path);
    const { content, callback } = contentThen<PathCallback>(given);
    this.#call(async (client) => [await client.create(path, content.forClient)], callback);
  }

  remove(path: string, ...given: VersionThen<DoneCallback>): void {
    checkPath(path);
    const { version, callback } = versionThen<DoneCallback>(given);
    this.#call((client) => client.delete(path, { version }).then(() => []), callback);
  }

  /** The stat is null when there is no such znode. */
  exists(path: string, callback: StatCallback): void;
  exists(path: string, watcher: Watcher | null | undefined, callback: StatCallback): void;
  exists(path: string, ...given: WatcherThen<StatCallback>): void {
    checkPath(path);
    const { watcher, callback } = watcherThen<Watcher, StatCallback>(given);
    const plain = (client: ZookeeperClient) => client.exists(path).then((stat) => ({ stat }));
    const watching = (client: ZookeeperClient) => client.existsAndWatch(path);
    this.#read(watcher, plain, watching, ({ stat }) => [statOrNull(stat)], callback);
  }

  getChildren(path: string, callback: ChildrenCallback): void;
  getChildren(path: string, watcher: Watcher | null | undefined, callback: ChildrenCallback): void;
  getChildren(path: string, ...given: WatcherThen<ChildrenCallback>): void {
    checkPath(path);
    const { watcher, callback } = watcherThen<Watcher, ChildrenCallback>(given);
    const plain = (client: ZookeeperClient) => client.getChildren(path);
    const watching = (client: ZookeeperClient) => client.getChildrenAndWatch(path);
    this.#read(watcher, plain, watching, ({ children, stat }) => [[...children], bufferStatOf(stat)], callback);
  }

  getData(path: string, callback: DataCallback): void;
  getData(path: string, watcher: Watcher | null | undefined, callback: DataCallback): void;
  getData(path: string, ...given: WatcherThen<DataCallback>): void {
    checkPath(path);
    const { watcher, callback } = watcherThen<Watcher, DataCallback>(given);
    const plain = (client: ZookeeperClient) => client.get(path);
    const watching = (client: ZookeeperClient) => client.getAndWatch(path);
    this.#read(watcher, plain, watching, ({ data, stat }) => [dataOf(data), bufferStatOf(stat)], callback);
  }

  setData(path: string, data: Buffer | null, ...given: VersionThen<StatCallback>): void {
    checkPath(path);
    checkData(data);
    const { version, callback } = versionThen<StatCallback>(given);
    this.#call(async (client) => [bufferStatOf(await client.set(path, data ?? NULL_DATA, { version }))], callback);
  }

  getACL(path: string, callback: AclCallback): void {
    checkPath(path);
    checkCallback(callback);
    this.#call(async (client) => {
      const { acl, stat } = await client.getAcl(path);
      return [toOldAcl(acl), bufferStatOf(stat)];
    }, callback);
  }

  /** The version is that of the ACL. */
  setACL(path: string, acls: ACL[], ...given: VersionThen<StatCallback>): void {
    checkPath(path);
    checkAcls(acls);
    const { version, callback } = versionThen<StatCallback>(given);
    const acl = aclOf(acls);
    this.#call(async (client) => [bufferStatOf(await client.setAcl(path, acl, { version }))], callback);
  }

  transaction(): Transaction {
    return new OpenTransaction((call, done) => this.#session.calls.run(call, done));
  }

  /** Makes the znode and those above it that are missing, all with the same content. With an error comes the path. */
  mkdirp(path: string, ...given: ContentThen<PathCallback>): void {
    checkPath(path);
    const { content, callback } = contentThen<PathCallback>(given);
    const create = (each: string) => this.#session.calls.reply((client) => client.create(each, content.forClient));
    // A path that fails comes beside the error.
    const tell = later(callback);
    createEach(pathsTo(path), create).then((failed) => (failed ? tell(failed.error, failed.path) : tell(null, path)));
  }

  /** The paths of the znode and of all below it, level by level. */
  listSubTreeBFS(path: string, callback: TreeCallback): void {
    checkPath(path);
    checkCallback(callback);
    const tell: Told<[string[]]> = later(callback);
    this.#levels(path).then(
      (levels) => tell(null, levels.flat()),
      (error) => fail(tell, error),
    );
  }

  /** Each of the znodes must have the version, if one is given. */
  removeRecursive(path: string, ...given: VersionThen<DoneCallback>): void {
    checkPath(path);
    const { version, callback } = versionThen<DoneCallback>(given);
    const remove = (each: string) => this.#session.calls.reply((client) => client.delete(each, { version }));
    const tell: Told<[]> = later(callback);
    const removed = this.#levels(path).then((levels) => removeLevels(levels, remove));
    removed.then(
      () => tell(null),
      (error) => fail(tell, error),
    );
  }

  #levels(path: string): Promise<string[][]> {
    return levelsOf(path, (each) =>
      this.#session.calls.reply(async (client) => (await client.getChildren(each)).children),
    );
  }

  #call<Results extends unknown[] | []>(call: ClientCall<Results>, callback: Told<Results>): void {
    this.#session.calls.run(call, (outcome) => {
      if (outcome.ok) callback(null, ...outcome.reply);
      else fail(callback, outcome.error);
    });
  }

  /** A watcher is set after the answer, so that it is never called before the callback. */
  #read<Reply, Results extends unknown[] | []>(
    watcher: Watcher | undefined,
    plain: ClientCall<Reply>,
    watching: ClientCall<Reply & Watched>,
    resultsOf: (reply: Reply) => Results,
    callback: Told<Results>,
  ): void {
    if (watcher === undefined) {
      this.#call((client) => plain(client).then(resultsOf), callback);
      return;
    }
    this.#session.calls.run(watching, (outcome) => {
      if (!outcome.ok) return fail(callback, outcome.error);
      this.#watchers.add(outcome.reply.watch, watcher);
      callback(null, ...resultsOf(outcome.reply));
    });
  }
}

/** A client for `host:port,host:port/chroot`, which `connect` starts. Throws an AssertionError for anything else. */
export function createClient(connectionString: string, options?: Partial<Option> | null): Client {
  return new Client(connectionString, options);
}

function statOrNull(stat: Stat | undefined): BufferStat {
  return (stat === undefined ? null : bufferStatOf(stat)) as BufferStat;
}

function fail<Results extends unknown[]>(callback: Told<Results>, error: unknown): void {
  const alone = callback as unknown as (error: Exception) => void;
  alone(exceptionOf(error));
}

/** Outside of any promise, so that what is thrown is an uncaught exception. */
function later<Arguments extends unknown[]>(tell: (...given: Arguments) => void): (...given: Arguments) => void {
  return (...given) => queueMicrotask(() => tell(...given));
}
