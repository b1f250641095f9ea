// SPDX-License-Identifier: Apache-2.0
/**
 * A server that answers every get and set at once, with bytes that are made beforehand: against it shows what a client
 * itself costs. Arguments: bytes of data, answers in one write. It prints its port, and serves until its standard input
 * ends.
 */
import { createServer, type Socket } from 'node:net';
import { get } from '../../src/client/operations/get.ts';
import { set } from '../../src/client/operations/set.ts';
import { CANNED_BYTES } from './canned-bytes.ts';

const FIRST_ZXID = 0x1_0000_0000n;

/** A frame of zeros with its length. */
function frameOf(bytes: number): Buffer {
  const frame = Buffer.alloc(bytes);
  frame.writeInt32BE(bytes - 4, 0);
  return frame;
}

/** Version, timeout, session, password of 16 bytes, not read-only. */
function handshakeReply(timeoutMs: number): Buffer {
  const frame = frameOf(CANNED_BYTES.handshake);
  frame.writeInt32BE(timeoutMs, 8);
  frame.writeBigInt64BE(0x1000_0000_0001n, 12);
  frame.writeInt32BE(16, 20);
  return frame;
}

/** The data of a get, if any, and a stat. Xid and zxid are still to be written. */
function replyOf(frame: Buffer, bytes: number): Buffer {
  const stat = frame.length - 68;
  if (stat > 20) frame.writeInt32BE(bytes, 20);
  frame.writeBigInt64BE(FIRST_ZXID, stat);
  frame.writeBigInt64BE(FIRST_ZXID, stat + 8);
  frame.writeBigInt64BE(1_700_000_000_000n, stat + 16);
  frame.writeBigInt64BE(1_700_000_000_000n, stat + 24);
  frame.writeInt32BE(bytes, stat + 52);
  frame.writeBigInt64BE(FIRST_ZXID, stat + 60);
  return frame;
}

function serve(socket: Socket, answers: ReadonlyMap<number, Buffer>, atOnce: number): void {
  let rest: Buffer = Buffer.alloc(0);
  let isConnected = false;
  let zxid = FIRST_ZXID;
  const answerOf = (frame: Buffer): Buffer => {
    if (!isConnected) {
      isConnected = true;
      return handshakeReply(frame.readInt32BE(16));
    }
    const reply = Buffer.from(answers.get(frame.readInt32BE(8)) ?? frameOf(20));
    zxid += 1n;
    reply.writeInt32BE(frame.readInt32BE(4), 4);
    reply.writeBigInt64BE(zxid, 8);
    return reply;
  };
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let replies: Buffer[] = [];
    let at = 0;
    while (bytes.length - at >= 4) {
      const end = at + 4 + bytes.readInt32BE(at);
      if (end > bytes.length) break;
      replies.push(answerOf(bytes.subarray(at, end)));
      at = end;
      if (replies.length < atOnce) continue;
      socket.write(Buffer.concat(replies));
      replies = [];
    }
    rest = bytes.subarray(at);
    if (replies.length > 0) socket.write(Buffer.concat(replies));
  });
}

const [bytes = 0, atOnce = 1] = process.argv.slice(2).map(Number);
const answers = new Map([
  [get.opcode, replyOf(frameOf(CANNED_BYTES.get(bytes)), bytes)],
  [set.opcode, replyOf(frameOf(CANNED_BYTES.set()), bytes)],
]);
const server = createServer((socket) => serve(socket, answers, atOnce));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`);
});
process.stdin.resume().on('end', () => process.exit());
