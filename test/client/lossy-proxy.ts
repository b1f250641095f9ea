// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import { Relay } from './relay.ts';

/** A proxy before a real server, to lose connections that both ends think well of. */
export class LossyProxy extends Relay {
  #swallowsAnswers = false;

  static start(host: string, port: number): Promise<LossyProxy> {
    return new LossyProxy(host, port).listen();
  }

  /** From now on the client's bytes arrive and the server's do not. */
  swallowAnswers(on: boolean): void {
    this.#swallowsAnswers = on;
  }

  protected override pass(near: Socket, far: Socket): void {
    near.on('data', (chunk: Buffer) => far.write(chunk));
    far.on('data', (chunk: Buffer) => {
      if (!this.#swallowsAnswers) near.write(chunk);
    });
  }
}
