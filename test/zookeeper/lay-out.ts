// SPDX-License-Identifier: Apache-2.0
/** A state of the disk, as files in a directory. */
import fs from 'node:fs';
import { join } from 'node:path';
import type { DiskState } from './unsynced-disk.ts';

/** Makes the directory hold that state and nothing else. A file that is so already stays the very same one. */
export function layOut(root: string, state: DiskState): void {
  for (const path of fs.readdirSync(root, { recursive: true }) as string[]) {
    if (!isLaidOut(join(root, path), state.get(path))) fs.rmSync(join(root, path), { recursive: true, force: true });
  }
  for (const [path, what] of state) {
    const at = join(root, path);
    if (fs.existsSync(at)) continue;
    if ('bytes' in what) {
      fs.writeFileSync(at, what.bytes);
      fs.utimesSync(at, what.mtimeMs / 1_000, what.mtimeMs / 1_000);
    } else {
      fs.mkdirSync(at);
    }
  }
}

function isLaidOut(at: string, what: ReturnType<DiskState['get']>): boolean {
  const stat = fs.statSync(at, { throwIfNoEntry: false });
  if (stat === undefined || what === undefined) return false;
  if (!('bytes' in what)) return stat.isDirectory();
  return stat.isFile() && stat.mtimeMs === what.mtimeMs && what.bytes.equals(fs.readFileSync(at));
}
