// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy before a real server, to lose connections that both ends think well of. */
export class LossyProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isOpen = true;
  #swallowsAnswers = false;

  static async start(host: string, port: number): Promise<LossyProxy> {
    const proxy = new LossyProxy(host, port);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(host: string, port: number) {
    this.#server = createServer({ noDelay: true }, (near) => {
      if (!this.#isOpen) {
        near.destroy();
        return;
      }
      const far = connect({ host, port, noDelay: true });
      near.on('data', (chunk: Buffer) => far.write(chunk));
      far.on('data', (chunk: Buffer) => {
        if (!this.#swallowsAnswers) near.write(chunk);
      });
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
    });
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends every connection; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From now on the client's bytes arrive and the server's do not. */
  swallowAnswers(on: boolean): void {
    this.#swallowsAnswers = on;
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
}
