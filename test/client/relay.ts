// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP server before a real one. It ends connections when it is told to; what passes, those say that extend it. */
export abstract class Relay implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isOpen = true;

  protected constructor(host: string, port: number) {
    this.#server = createServer({ noDelay: true }, (near) => {
      if (!this.#isOpen) {
        near.destroy();
        return;
      }
      const far = connect({ host, port, noDelay: true });
      this.#tie(near, far);
      this.pass(near, far);
    });
  }

  /** Hands on what comes from either side, or not. */
  protected abstract pass(near: Socket, far: Socket): void;

  protected async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends every connection; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** While it is closed, new connections end at once. */
  setOpen(open: boolean): void {
    this.#isOpen = open;
    if (!open) this.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.setOpen(false);
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** The end of one side is the end of the other. */
  #tie(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
