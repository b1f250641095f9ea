// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import { Relay } from '../relay.ts';

const PING = 11;
const SET_WATCHES = 105;

interface Loss {
  /** How many requests pass before the one that is lost. */
  passing: number;
  /** Whether the server gets the request, and only its answer is lost. */
  readonly reachesServer: boolean;
  /** No connection is taken after it. */
  readonly isLast: boolean;
}

/** A proxy before a real server that knows frames: it counts requests, and loses one of them with its connection. */
export class FrameProxy extends Relay {
  /** The opcodes of all requests, without pings. */
  readonly opcodes: number[] = [];
  /** The frames that set watches again. */
  readonly watchFrames: Buffer[] = [];
  #loss: Loss | undefined;

  static start(host: string, port: number): Promise<FrameProxy> {
    return new FrameProxy(host, port).listen();
  }

  /** A loss that was asked for has not come yet. */
  get isLossDue(): boolean {
    return this.#loss !== undefined;
  }

  /** Loses the request after this many others, or its answer. */
  lose(passing: number, reachesServer: boolean, isLast = false): void {
    this.#loss = { passing, reachesServer, isLast };
  }

  forgetLoss(): void {
    this.#loss = undefined;
  }

  protected override pass(near: Socket, far: Socket): void {
    const lost = new Set<number>();
    let isGreeting = true;
    onFrames(near, (frame) => {
      if (isGreeting) isGreeting = false;
      else if (!this.#passes(frame, lost)) return this.#end(near);
      far.write(frame);
    });
    let isGreeted = false;
    onFrames(far, (frame) => {
      if (isGreeted && lost.has(frame.readInt32BE(4))) return this.#end(near);
      isGreeted = true;
      near.write(frame);
    });
  }

  #end(near: Socket): void {
    const loss = this.#loss;
    this.#loss = undefined;
    if (loss?.isLast === true) this.setOpen(false);
    else near.destroy();
  }

  #passes(frame: Buffer, lost: Set<number>): boolean {
    const opcode = frame.readInt32BE(8);
    if (opcode === PING) return true;
    if (opcode === SET_WATCHES) this.watchFrames.push(frame);
    this.opcodes.push(opcode);
    const loss = this.#loss;
    if (loss === undefined || opcode === SET_WATCHES) return true;
    if (loss.passing-- > 0) return true;
    if (loss.passing === -1 && loss.reachesServer) lost.add(frame.readInt32BE(4));
    return loss.reachesServer;
  }
}

/** Calls with each frame, its length included. */
function onFrames(socket: Socket, onFrame: (frame: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (!socket.destroyed && rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      const frame = rest.subarray(0, end);
      rest = rest.subarray(end);
      onFrame(frame);
    }
  });
}
