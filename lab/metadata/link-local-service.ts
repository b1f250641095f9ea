// SPDX-License-Identifier: Apache-2.0
/**
 * The metadata service at the address that it has on EC2, for all container machines of a lab. Each instance gets its
 * own metadata, according to the address from which its request comes.
 */
import { METADATA_ADDRESS } from '../container/addresses.ts';
import { type MetadataOptions, OfferedMetadata } from './instance-metadata.ts';
import { type MetadataEndpoint, metadataService } from './metadata-service.ts';
import { serveMetadata } from './serve.ts';

const PORT = 80;
/**
 * cloud-init uses tokens only where the firmware's tables say that it is on EC2, and in a container it never reads
 * those tables. It sends its own name or that of Python's library. Everything else on the machines needs a token.
 */
const CLOUD_INIT = /^(Cloud-Init|python-requests)\//;

export interface LinkLocalMetadata {
  /** From now on the instance at `facts.address` has this metadata, until it is closed. */
  add(options: MetadataOptions): MetadataEndpoint;
  close(): Promise<void>;
}

/** Rejects when the address is not on an interface of this network namespace, or its port is taken. */
export async function startLinkLocalMetadata(
  listen: { readonly address: string; readonly port: number } = { address: METADATA_ADDRESS, port: PORT },
): Promise<LinkLocalMetadata> {
  const byAddress = new Map<string, OfferedMetadata>();
  const { close } = await serveMetadata(listen.address, listen.port, (asker) => byAddress.get(asker));
  return {
    add: (options) => {
      const { address } = options.facts;
      const metadata = new OfferedMetadata({ withoutToken: CLOUD_INIT, ...options });
      byAddress.set(address, metadata);
      return metadataService(metadata, `http://${METADATA_ADDRESS}`, async () => {
        // Another instance may have this address by now.
        if (byAddress.get(address) === metadata) byAddress.delete(address);
      });
    },
    close,
  };
}
