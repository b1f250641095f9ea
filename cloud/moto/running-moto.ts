// SPDX-License-Identifier: Apache-2.0
/** A server of moto that answers, be it a process of its own or a fork. */
export interface Moto {
  readonly url: string;
  readonly pid: number;
  /** Ends the process and returns once it is gone. Can be called again. */
  close(): Promise<void>;
}
