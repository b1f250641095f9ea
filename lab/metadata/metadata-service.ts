// SPDX-License-Identifier: Apache-2.0
/** The instance metadata service of a machine that is a process: an endpoint of its own, on a port of its own. */
import type { AddressInfo } from 'node:net';
import { type MetadataOptions, OfferedMetadata } from './instance-metadata.ts';
import { serveMetadata } from './serve.ts';

interface OwnMetadataOptions extends MetadataOptions {
  readonly listenAddress: string;
}

/** One instance's metadata, as it is offered. */
export interface MetadataEndpoint {
  readonly url: string;
  /** While false, the instance has no role: the credentials' paths answer 404. */
  offerCredentials(offered: boolean): void;
  /** While true, every request is answered 500: a metadata service that is out of order. */
  breakDown(broken: boolean): void;
  close(): Promise<void>;
}

export async function startMetadataService(options: OwnMetadataOptions): Promise<MetadataEndpoint> {
  const metadata = new OfferedMetadata(options);
  const { server, close } = await serveMetadata(options.listenAddress, 0, () => metadata);
  const { port } = server.address() as AddressInfo;
  return metadataService(metadata, `http://${options.listenAddress}:${port}`, close);
}

export function metadataService(metadata: OfferedMetadata, url: string, close: () => Promise<void>): MetadataEndpoint {
  return {
    url,
    offerCredentials: (offered) => {
      metadata.offersCredentials = offered;
    },
    breakDown: (broken) => {
      metadata.broken = broken;
    },
    close,
  };
}
