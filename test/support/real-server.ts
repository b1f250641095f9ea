// SPDX-License-Identifier: Apache-2.0
/** Real ZooKeeper 3.9.5 servers for tests, on loopback addresses of their own, gone with the `await using` block. */
import { join } from 'node:path';
import { type ByHandOptions, type ServerByHand, startByHand } from '../../lab/zookeeper/by-hand.ts';
import { zookeeperHome } from '../../lab/zookeeper/fetch.ts';
import { freeLoopbackBlock, type LoopbackBlock } from '../../lab/zookeeper/loopback.ts';
import { ZookeeperClient } from '../../src/client/index.ts';
import { CLIENT_PORT, type Member, memberAt } from '../../src/model/member.ts';
import { toZxid, type Zxid } from '../../src/model/zxid.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface RealEnsemble extends AsyncDisposable {
  /** One folder for each server in it, named by its id. */
  readonly directory: string;
  readonly block: LoopbackBlock;
  readonly members: readonly Member[];
  /** By id; a started one replaces the one before. */
  readonly servers: ReadonlyMap<number, ServerByHand>;
  server(id: number): ServerByHand;
  /** Starts (again) under an id; by default from what the server wrote last. It is stopped with the ensemble. */
  start(id: number, options?: Partial<ByHandOptions>): Promise<ServerByHand>;
}

/** An ensemble of this many voters, ids from 1, all serving. */
export async function realEnsemble(size: number, options: Partial<ByHandOptions> = {}): Promise<RealEnsemble> {
  const ensemble = await emptyEnsemble(size);
  try {
    const started = await Promise.all(
      ensemble.members.map((member) =>
        ensemble.start(member.id, { ...options, start: 'genesis', members: ensemble.members }),
      ),
    );
    await Promise.all(started.map((server) => server.untilServing()));
    return ensemble;
  } catch (error) {
    await ensemble[Symbol.asyncDispose]();
    throw error;
  }
}

/** Directory, addresses and members, but no server yet. */
export async function emptyEnsemble(size: number): Promise<RealEnsemble> {
  const directory = await temporaryDirectory();
  const block = await freeLoopbackBlock();
  const members = Array.from({ length: size }, (_, index) =>
    memberAt(index + 1, block.address(index + 1), 'participant'),
  );
  const servers = new Map<number, ServerByHand>();
  const all: ServerByHand[] = [];
  return {
    directory: directory.path,
    block,
    members,
    servers,
    server: (id) => {
      const found = servers.get(id);
      if (found === undefined) {
        throw new Error(`No server ${id} was started.`);
      }
      return found;
    },
    start: async (id, options = {}) => {
      const server = await startByHand({
        directory: join(directory.path, String(id)),
        id,
        address: block.address(id),
        start: 'restart',
        distribution: await zookeeperHome(),
        ...options,
      });
      servers.set(id, server);
      all.push(server);
      return server;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((server) => server.kill()));
      await block[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

export function connectTo(server: { readonly address: string }): Promise<ZookeeperClient> {
  return ZookeeperClient.connect({ servers: [{ host: server.address, port: CLIENT_PORT }], sessionTimeoutMs: 10_000 });
}

/** The zxid that the server shows in `srvr`. */
export async function zxidOf(server: ServerByHand): Promise<Zxid> {
  const hex = /^Zxid: 0x([0-9a-f]+)$/m.exec(await server.ask('srvr'))?.[1];
  if (hex === undefined) {
    throw new Error(`Server ${server.id} shows no zxid.`);
  }
  return toZxid(BigInt(`0x${hex}`));
}
