// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';

/** `data` is for znodes that exist and for those that do not; `any` is for all that this client has on the path. */
export type WatchType = 'data' | 'children' | 'persistent' | 'recursive' | 'any';

interface RemoveWatchesRequest {
  readonly path: string;
  readonly type: WatchType;
}

/** Source: Watcher.WatcherType. */
const NUMBERS: Readonly<Record<WatchType, number>> = { children: 1, data: 2, any: 3, persistent: 4, recursive: 5 };

/** removeWatches: path string, type int → nothing, or the error "no watcher" */
export const removeWatches: Operation<RemoveWatchesRequest, void> = {
  name: 'removeWatches',
  opcode: 18,
  isWrite: false,
  encode: (writer, request) => {
    writer.path(request.path);
    writer.int(NUMBERS[request.type]);
  },
  decode: () => {},
};
