// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { MetadataAnswer, OfferedMetadata } from './instance-metadata.ts';

/** Listens, and answers each request with the metadata of the caller; 404 for an unknown caller. */
export async function serveMetadata(
  address: string,
  port: number,
  metadataOf: (asker: string) => OfferedMetadata | undefined,
): Promise<{ readonly server: Server; readonly close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume();
    const metadata = metadataOf(request.socket.remoteAddress ?? '');
    const answered = metadata?.answer(request) ?? Promise.resolve({ status: 404, body: '' });
    answered.then(
      (answer) => send(response, answer),
      () => send(response, { status: 500, body: '' }),
    );
  });
  server.listen(port, address);
  await once(server, 'listening');
  return {
    server,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(response: ServerResponse, { status, body, headers }: MetadataAnswer): void {
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': length, server: 'EC2ws', ...headers });
  response.end(body);
}
