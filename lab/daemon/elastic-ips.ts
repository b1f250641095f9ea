// SPDX-License-Identifier: Apache-2.0
/** Follows which instance has which Elastic IP in EC2, and lets the lab's network lead packets there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeAddressesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { LabNetwork } from '../container/network.ts';
import { PublicAddresses } from '../container/public-addresses.ts';

const POLL_MS = 200;

/** Which Elastic IP an instance has. */
export interface ElasticIps extends AsyncDisposable {
  of(instance: string): string | undefined;
}

/** `report` is called with what went wrong in a look; the next look comes all the same. */
export async function followElasticIps(
  ec2: EC2Client,
  network: LabNetwork,
  report: (line: string) => void,
): Promise<ElasticIps> {
  const addresses = await PublicAddresses.in(network.namespace);
  const stop = new AbortController();
  let held: ReadonlyMap<string, Held> = new Map();
  const look = async (): Promise<void> => {
    const { Addresses = [] } = await ec2.send(new DescribeAddressesCommand({}), { abortSignal: stop.signal });
    const now = Addresses.flatMap(({ PublicIp, PrivateIpAddress, InstanceId }): [string, Held][] =>
      PublicIp && PrivateIpAddress && InstanceId ? [[PublicIp, { own: PrivateIpAddress, instance: InstanceId }]] : [],
    );
    if (JSON.stringify(now) === JSON.stringify([...held])) return;
    await addresses.hold(new Map(now.map(([address, { own }]) => [address, own])));
    held = new Map(now);
  };
  const following = (async () => {
    while (!stop.signal.aborted) {
      await look().catch((error) => {
        if (!stop.signal.aborted) report(`The Elastic IPs could not be followed: ${String(error)}`);
      });
      await sleep(POLL_MS, undefined, { ref: false, signal: stop.signal }).catch(() => {});
    }
  })();
  return {
    of: (instance) => [...held].find(([, each]) => each.instance === instance)?.[0],
    async [Symbol.asyncDispose]() {
      stop.abort();
      await following;
    },
  };
}

interface Held {
  /** The private address of the instance. */
  readonly own: string;
  readonly instance: string;
}
