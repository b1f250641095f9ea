// SPDX-License-Identifier: Apache-2.0
/** Cuts of links between machines, in the words of a person. Each cut is one direction. */

import { CONTAINER_LAB_ADDRESS, METADATA_ADDRESS } from '../container/addresses.ts';
import type { Cut, LabNetwork } from '../container/network.ts';
import type { LabStatus, NamedCut, NodeView } from './lab-status.ts';
import { nodesMeant, TargetError } from './targets.ts';

export interface PartitionOrder {
  /** The nodes to cut off. */
  readonly from: string;
  /** The nodes to cut them from; `all` means every other node with a machine. */
  readonly to: string;
  /** Only packets from the first nodes are lost; packets to them arrive. */
  readonly oneWay: boolean;
  /** The first nodes also lose AWS: its API and the metadata service. So they lose the lab's own looks too. */
  readonly aws: boolean;
}

/** On loopback there are no links to cut. */
export function mustHaveNetwork(network: LabNetwork | undefined): LabNetwork {
  if (network !== undefined) return network;
  throw new TargetError(
    'Machines that are processes share one loopback network, in which nothing can be cut. Start a lab with ./lab.sh up --image.',
  );
}

/** Makes the cuts. Returns all present cuts. */
export async function partition(
  network: LabNetwork,
  status: LabStatus,
  order: PartitionOrder,
): Promise<readonly NamedCut[]> {
  const cutOff = nodesMeant(status, order.from);
  const rest = nodesMeant(status, order.to).filter((node) => !cutOff.includes(node));
  if (rest.length === 0) {
    throw new TargetError(`"${order.to}" means nobody but who is cut off; name other nodes than "${order.from}".`);
  }
  const pairs = cutOff.flatMap((one) => rest.map((other) => [addressOf(one), addressOf(other)] as const));
  const services = order.aws
    ? cutOff.flatMap((one) => [CONTAINER_LAB_ADDRESS, METADATA_ADDRESS].map((to) => [addressOf(one), to] as const))
    : [];
  for (const [from, to] of [...pairs, ...services]) {
    await network.cut(from, to);
    if (!order.oneWay) await network.cut(to, from);
  }
  return namedCuts(network.cuts, status.nodes);
}

export function namedCuts(cuts: readonly Cut[], nodes: readonly NodeView[]): readonly NamedCut[] {
  const nameOf = (address: string): string => {
    if (address === CONTAINER_LAB_ADDRESS || address === METADATA_ADDRESS) return 'aws';
    return nodes.find((node) => node.machine !== undefined && node.address === address)?.instance ?? address;
  };
  const named = new Map<string, NamedCut>();
  for (const cut of cuts) {
    const [from, to] = [nameOf(cut.from), nameOf(cut.to)];
    named.set(`${from} ${to}`, { from, to });
  }
  return [...named.values()];
}

function addressOf({ address, instance, state }: NodeView): string {
  if (address === undefined) throw new TargetError(`${instance} is ${state}; it has no machine any more.`);
  return address;
}
