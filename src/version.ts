// SPDX-License-Identifier: Apache-2.0
/** Which agent this is: for `zk-agent --version` and for bug reports. */
import { isSea } from 'node:sea';
import packageJson from '../package.json' with { type: 'json' };
import { PARTS, readAsset, takesCache } from './executable/parts.ts';

export interface Version {
  readonly version: string;
  /** Ends in `+changes` when the sources were not as committed. `unknown` outside of an executable, or without git. */
  readonly commit: string;
  readonly node: string;
  readonly platform: string;
  /** Whether V8 accepts the code cache that the build made for each bundle. Without the cache every start is slower. */
  readonly codeCache?: Readonly<Record<string, 'accepted' | 'rejected'>>;
}

/** The name of the asset that the build writes. */
export const COMMIT_ASSET = 'commit';

export function readVersion(): Version {
  const common = {
    version: packageJson.version,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
  if (!isSea()) return { ...common, commit: 'unknown' };
  return {
    ...common,
    commit: readAsset(COMMIT_ASSET).toString(),
    codeCache: Object.fromEntries(PARTS.map((part) => [part, takesCache(part) ? 'accepted' : 'rejected'])),
  };
}

export function formatVersion({ version, commit, node, platform }: Version): string {
  return `zk-agent ${version}, commit ${commit}, Node ${node}, ${platform}`;
}
