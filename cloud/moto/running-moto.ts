// SPDX-License-Identifier: Apache-2.0
/** A running server of moto: a process of its own or a fork. */
export interface Moto {
  readonly url: string;
  readonly pid: number;
  /** Ends the process and returns once it is gone. Can be called again. */
  close(): Promise<void>;
}
