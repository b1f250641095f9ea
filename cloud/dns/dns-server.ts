// SPDX-License-Identifier: Apache-2.0
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import type { HostedZone } from '../route53/hosted-zone.ts';
import { type DnsRecord, readQuestion, writeReply } from './message.ts';
import { resolveQuestion } from './resolve.ts';

interface DnsServer extends AsyncDisposable {
  /** `127.0.0.1:5353`, as `dns.setServers` takes it. */
  readonly address: string;
  close(): Promise<void>;
}

/** A resolver over UDP for the zones, on a free port. It answers by what is INSYNC. Rejects when it can't listen. */
export async function startDnsServer(address: string, zones: () => Iterable<HostedZone>): Promise<DnsServer> {
  const socket = createSocket('udp4');
  socket.on('message', (message: Buffer, from: RemoteInfo) => {
    const question = readQuestion(message);
    if (question === undefined) return;
    const reply = resolveQuestion([...zones()], question, shuffled);
    // Nobody learns of an answer that was not sent, as with any lost datagram.
    socket.send(writeReply(question, reply), from.port, from.address, () => {});
  });
  socket.bind(0, address);
  await once(socket, 'listening');
  // A resolver that went away is told by ICMP, which is no reason to end.
  socket.on('error', () => {});
  const close = (): Promise<void> => new Promise((resolve) => socket.close(() => resolve()));
  return { address: `${address}:${socket.address().port}`, close, [Symbol.asyncDispose]: close };
}

function shuffled(records: readonly DnsRecord[]): readonly DnsRecord[] {
  return records
    .map((record) => ({ record, at: Math.random() }))
    .sort((left, right) => left.at - right.at)
    .map(({ record }) => record);
}
