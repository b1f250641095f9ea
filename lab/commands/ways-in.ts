// SPDX-License-Identifier: Apache-2.0
/** How a person can reach the ensemble with another program. */
import { StateDirectory } from '../daemon/state-directory.ts';
import { callLab } from './lab-client.ts';

/** Sentences for people; `connect` is the connection string. */
export async function waysIn(name: string, connect: string): Promise<readonly string[]> {
  const namespace = await callLab(name, 'namespace', {});
  if (namespace === null) return [`connect any ZooKeeper client to ${connect}`];
  const enter = `nsenter --net=/run/netns/${namespace}`;
  const [address = ''] = connect.split(/[:,]/);
  return [
    `connect any ZooKeeper client, started with ${enter}, to ${connect}`,
    `log in with ${enter} ssh -i ${StateDirectory.ofLab(name).privateKey} admin@${address}`,
  ];
}
