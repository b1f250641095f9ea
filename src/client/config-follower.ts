// SPDX-License-Identifier: Apache-2.0
import type { DataAndStat } from './operations/get.ts';
import type { ServerAddress } from './servers.ts';

/** `server.N=<host>:<port>:<port>…;<client part>`, and behind a second `;` the secure client part. */
const MEMBER = /^server\.\d+=(\[[^\]]+\]|[^:;[]+):[^;]*(?:;([^;]*))?(?:;([^;]*))?$/;
/** `[<host>:]<port>` */
const CLIENT_PART = /^(?:(\[[^\]]+\]|[^:[]*):)?(\d{1,5})$/;
const WILDCARDS: ReadonlySet<string | undefined> = new Set([undefined, '', '0.0.0.0', '::', '0:0:0:0:0:0:0:0']);

/** Keeps the list of servers as the config of the ensemble has it. */
export class ConfigFollower {
  readonly #readConfig: () => Promise<DataAndStat>;
  readonly #onList: (servers: readonly ServerAddress[]) => void;
  readonly #securePort: number | undefined;

  /**
   * `readConfig` sets the watch anew. With TLS, `securePort` is for servers whose secure port the config does not name.
   */
  constructor(
    readConfig: () => Promise<DataAndStat>,
    onList: (servers: readonly ServerAddress[]) => void,
    securePort: number | undefined,
  ) {
    this.#readConfig = readConfig;
    this.#onList = onList;
    this.#securePort = securePort;
  }

  /** For each new connection, and for each event of the config. */
  async read(): Promise<void> {
    try {
      const { data } = await this.#readConfig();
      this.#onList(clientAddressesOf(data.toString(), this.#securePort));
    } catch {
      // The list stays as it is. After a lost connection, the next one reads again.
    }
  }
}

/** Where clients reach the members. One without a client port is left out. */
export function clientAddressesOf(config: string, securePort: number | undefined): readonly ServerAddress[] {
  return config.split('\n').flatMap((line) => {
    const [, quorumHost = '', plain = '', secure = ''] = MEMBER.exec(line.trim()) ?? [];
    if (quorumHost === '') return [];
    const part = CLIENT_PART.exec(securePort === undefined ? plain : secure);
    const [, host, port = securePort] = part ?? [];
    if (port === undefined) return [];
    const bare = (text: string | undefined) => text?.replace(/^\[(.*)\]$/, '$1');
    const own = bare(host);
    return [{ host: (WILDCARDS.has(own) ? bare(quorumHost) : own) ?? quorumHost, port: Number(port) }];
  });
}
