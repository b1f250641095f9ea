// SPDX-License-Identifier: Apache-2.0
/** One real server for all tests of a file: it serves from before the first of them until after the last. */
import { after, before } from 'node:test';
import { connect, type ZookeeperClient } from '../../src/client/index.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { type RealEnsemble, realEnsemble } from '../support/real-server.ts';
import { LossyProxy } from './lossy-proxy.ts';
import { FrameProxy } from './recipes/frame-proxy.ts';

export interface OneServer {
  /** As the option `servers` of a client takes it. */
  readonly servers: string;
  /** The answer to a four-letter word. */
  ask(word: string): Promise<string>;
  /** A proxy before the server. Whoever starts it ends it. */
  lossy(): Promise<LossyProxy>;
  framed(): Promise<FrameProxy>;
}

interface OneServerWithClient extends OneServer {
  /** Connected to the server itself; beside the clients that lose their connections. */
  readonly client: ZookeeperClient;
}

/** Called once, at the top of a file. What it returns can be used from the first test on. */
export function oneServer(): OneServer {
  return serverOfFile({ begin: async () => {}, end: async () => {} });
}

/** The same, with a client that is closed before the server ends. */
export function oneServerWithClient(): OneServerWithClient {
  let client: ZookeeperClient | undefined;
  const server = serverOfFile({
    begin: async (servers) => {
      client = await connect({ servers });
    },
    end: async () => client?.close(),
  });
  return Object.defineProperty(server, 'client', { get: () => mustRun(client) }) as OneServerWithClient;
}

/** What goes on while the server runs. */
interface Meanwhile {
  readonly begin: (servers: string) => Promise<void>;
  readonly end: () => Promise<void>;
}

/** One hook before and one after: the runner does not wait for one hook before it begins the next. */
function serverOfFile({ begin, end }: Meanwhile): OneServer {
  let ensemble: RealEnsemble | undefined;
  const host = (): string => mustRun(ensemble).server(1).address;
  const serversOf = (address: string): string => `${address}:${CLIENT_PORT}`;
  before(async () => {
    ensemble = await realEnsemble(1);
    await begin(serversOf(host()));
  });
  after(async () => {
    await end();
    await ensemble?.[Symbol.asyncDispose]();
  });
  return {
    get servers() {
      return serversOf(host());
    },
    ask: (word) => mustRun(ensemble).server(1).ask(word),
    lossy: () => LossyProxy.start(host(), CLIENT_PORT),
    framed: () => FrameProxy.start(host(), CLIENT_PORT),
  };
}

function mustRun<Running>(running: Running | undefined): Running {
  if (running === undefined) throw new Error('The server of this file does not run yet.');
  return running;
}
