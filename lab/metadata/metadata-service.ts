// SPDX-License-Identifier: Apache-2.0
/** The metadata service of a machine that is a process: its own endpoint, on its own port. */
import type { AddressInfo } from 'node:net';
import { type MetadataOptions, OfferedMetadata } from './instance-metadata.ts';
import { serveMetadata } from './serve.ts';

interface OwnMetadataOptions extends MetadataOptions {
  readonly listenAddress: string;
}

/** The metadata of one instance, and how a test can disturb it. */
export interface MetadataEndpoint {
  readonly url: string;
  /** While false, the instance has no role: the paths of the credentials answer 404. */
  offerCredentials(offered: boolean): void;
  /** While true, every request is answered with 500, as by a broken metadata service. */
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
