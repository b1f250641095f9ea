// SPDX-License-Identifier: Apache-2.0
/** `mntr` of the node's own server, for the healthy tick. Anything unusual rejects. */
import { type VoterMonitor, voterMonitorOf } from '../zookeeper/mntr.ts';
import { connectBare } from './bare-connection.ts';

/** The answer has about 17 KiB. Whatever sends more is no ZooKeeper server. */
const LONGEST_ANSWER = 128 * 1024;

/** Undefined when the server answers but neither leads nor follows. */
export function quickMonitor(address: string, port: number, timeoutMs: number): Promise<VoterMonitor | undefined> {
  return new Promise((resolve, reject) => {
    let text = '';
    const finish = (failure: Error | undefined): void => {
      clearTimeout(deadline);
      connection.close();
      if (failure) reject(failure);
      else resolve(voterMonitorOf(text));
    };
    const connection = connectBare(address, port, {
      opened: (own) => own.say('mntr'),
      heard(piece) {
        text += piece;
        if (text.length > LONGEST_ANSWER) finish(new Error('The server of this node says too much.'));
      },
      ended: finish,
    });
    const deadline = setTimeout(() => finish(new Error('The server of this node is late.')), timeoutMs);
  });
}
