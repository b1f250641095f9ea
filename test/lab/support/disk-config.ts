// SPDX-License-Identifier: Apache-2.0
/**
 * The committed config as the servers have written it to their disks: what a look at any moment costs nobody anything.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../../lab/hypervisor/hypervisor.ts';
import type { EnsembleConfig } from '../../../src/model/member.ts';
import { parseDynamicConfig, versionOfFileName } from '../../../src/zookeeper/dynamic-config.ts';

/** The newest config that one of these machines has; undefined before the first one is committed. */
export function configOnDisks(hosts: readonly Host[]): EnsembleConfig | undefined {
  return hosts
    .flatMap(({ machine }) => configsIn(join(machine.directory, 'conf')))
    .reduce<EnsembleConfig | undefined>(
      (newest, config) => (newest === undefined || config.version > newest.version ? config : newest),
      undefined,
    );
}

/** A proposed config has no version in its name, and is none of them. */
function configsIn(directory: string): readonly EnsembleConfig[] {
  try {
    return readdirSync(directory)
      .filter((name) => /\.dynamic\.[0-9a-f]+$/.test(name))
      .flatMap((name) => {
        const { members } = parseDynamicConfig(readFileSync(join(directory, name), 'utf8'));
        return members.length === 0 ? [] : [{ version: versionOfFileName(name), members }];
      });
  } catch {
    // The server replaces its files while they are read, and a machine that has just begun has none.
    return [];
  }
}
