// SPDX-License-Identifier: Apache-2.0
/**
 * The floor: a bare socket that sends and counts the same bytes, and makes nothing of them. It sends as many requests
 * as answers came, made beforehand. Arguments and output: see contest.ts.
 */
import { connect } from 'node:net';
import { JuteWriter } from '../../src/client/jute-writer.ts';
import { encodeConnect } from '../../src/client/operations/connect.ts';
import { get } from '../../src/client/operations/get.ts';
import { set } from '../../src/client/operations/set.ts';
import { CANNED_BYTES } from './canned-bytes.ts';
import { workloadOf } from './load.ts';

const { servers, path, operation, inFlight, bytes, warmUpMs, measuredMs } = workloadOf(process.argv);
const [host, port] = servers.split(':');
const writer = new JuteWriter();
const framed = (write: () => void): Buffer => {
  writer.beginFrame();
  write();
  writer.endFrame();
  return writer.take();
};
const handshake = framed(() =>
  encodeConnect(writer, {
    lastZxid: 0n,
    timeoutMs: 10_000,
    sessionId: 0n,
    password: new Uint8Array(16),
    allowReadOnly: false,
  }),
);
const request = framed(() => {
  writer.int(1);
  writer.int(operation === 'get' ? get.opcode : set.opcode);
  if (operation === 'get') get.encode(writer, path);
  else set.encode(writer, { path, data: Buffer.alloc(bytes, 'x'), version: -1 });
});
const requests = Buffer.concat(Array.from({ length: inFlight }, () => request));
const answerBytes = CANNED_BYTES[operation](bytes);
let calls = 0;
let rest = -CANNED_BYTES.handshake;
let over = false;
const socket = connect({
  host,
  port: Number(port),
  noDelay: true,
  onread: {
    buffer: Buffer.allocUnsafeSlow(64 * 1024),
    callback: (read) => {
      const isFirst = rest < 0;
      rest += read;
      if (isFirst && rest === 0) socket.write(requests);
      const answers = rest < 0 ? 0 : Math.floor(rest / answerBytes);
      rest -= answers * answerBytes;
      calls += answers;
      if (!over && answers > 0) socket.write(requests.subarray(0, answers * request.length));
      return true;
    },
  },
});
socket.write(handshake);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
await pause(warmUpMs);
const [callsBefore, cpuBefore, startMs] = [calls, process.cpuUsage(), performance.now()];
await pause(measuredMs);
const [done, cpu, ms] = [calls - callsBefore, process.cpuUsage(cpuBefore), performance.now() - startMs];
over = true;
process.stdout.write(`${JSON.stringify({ calls: done, ms, cpuMs: (cpu.user + cpu.system) / 1_000 })}\n`);
socket.destroy();
