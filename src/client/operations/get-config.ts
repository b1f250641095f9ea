// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';
import { type DataAndStat, get } from './get.ts';

export const CONFIG_PATH = '/zookeeper/config';

/** getData of a path that no chroot is put before: path string, watch boolean → data buffer, stat */
export const getConfig: Operation<undefined, DataAndStat> = {
  name: 'getConfig',
  opcode: get.opcode,
  isWrite: false,
  encode: (writer) => {
    writer.string(CONFIG_PATH);
    writer.boolean(false);
  },
  decode: (reader) => get.decode(reader, CONFIG_PATH),
};

/** The same with true for the watch: the server tells once when the config changes. */
export const getConfigWatched: Operation<undefined, DataAndStat> = {
  ...getConfig,
  encode: (writer) => {
    writer.string(CONFIG_PATH);
    writer.boolean(true);
  },
};
