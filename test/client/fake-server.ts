// SPDX-License-Identifier: Apache-2.0
/**
 * A server that misbehaves on purpose, on a free port of 127.0.0.1. Its frames are put together by hand, so that the
 * client's codec is not held against itself. What a well-behaved server does is tested on a real one.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export const SESSION_ID = 0x1234_5678_9abc_def0n;
export const PASSWORD = Buffer.from('0123456789abcdef');

export interface FakeRequest {
  readonly xid: number;
  readonly opcode: number;
  readonly body: Buffer;
}

/** One accepted connection as the test's script sees it. */
export class FakePeer {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#wake());
  }

  /** The next frame of the client, without its length; rejects when the client is gone. */
  async frame(): Promise<Buffer> {
    for (;;) {
      if (this.#received.length >= 4) {
        const end = 4 + this.#received.readInt32BE(0);
        if (this.#received.length >= end) {
          const frame = this.#received.subarray(4, end);
          this.#received = this.#received.subarray(end);
          return frame;
        }
      }
      if (this.socket.destroyed) throw new Error('the client is gone');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async request(): Promise<FakeRequest> {
    const frame = await this.frame();
    return { xid: frame.readInt32BE(0), opcode: frame.readInt32BE(4), body: frame.subarray(8) };
  }

  /** The next request that is no ping; pings are answered. */
  async call(): Promise<FakeRequest> {
    for (;;) {
      const request = await this.request();
      if (request.opcode !== 11) return request;
      this.socket.write(reply(-2));
    }
  }

  /** Reads the handshake and answers it well. Returns what the client sent. */
  async greet(timeoutMs = 10_000): Promise<Buffer> {
    const handshake = await this.frame();
    this.socket.write(handshakeReply(timeoutMs));
    return handshake;
  }
}

export class FakeServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  connections = 0;

  /** `script` runs once a connection, with the connection's number from 0. */
  static async start(script: (peer: FakePeer, number: number) => Promise<void> | void): Promise<FakeServer> {
    const fake = new FakeServer(script);
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  private constructor(script: (peer: FakePeer, number: number) => Promise<void> | void) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      const number = this.connections;
      this.connections += 1;
      // A script ends with its client; what it found out stands in the test's own variables.
      Promise.resolve(script(new FakePeer(socket), number)).catch(() => socket.destroy());
    });
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export function frame(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([int(body.length), body]);
}

export function handshakeReply(timeoutMs: number, sessionId = SESSION_ID, readOnly = false): Buffer {
  return frame(int(0), int(timeoutMs), long(sessionId), int(16), PASSWORD, Buffer.from([readOnly ? 1 : 0]));
}

export function reply(xid: number, body: Buffer = Buffer.alloc(0), error = 0, zxid = 1n): Buffer {
  return frame(int(xid), long(zxid), int(error), body);
}

export function int(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

export function long(value: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(value);
  return buffer;
}

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([int(bytes.length), bytes]);
}

/** A stat whose every field differs. */
export const STAT = Buffer.concat([
  long(0x1_0000_0001n),
  long(0x2_0000_0002n),
  long(1_700_000_000_123n),
  long(1_700_000_000_456n),
  int(7),
  int(8),
  int(9),
  long(-2n),
  int(11),
  int(12),
  long(0x7fff_ffff_ffff_ffffn),
]);
