// SPDX-License-Identifier: Apache-2.0
/**
 * The part of the setup that is not shell: moto's Python environment and the ZooKeeper server. lab/setup.sh runs it.
 */
import { installMoto } from '../cloud/index.ts';
import { zookeeperHome } from './zookeeper/fetch.ts';

const progress = (line: string): void => {
  process.stderr.write(`${line.charAt(0).toUpperCase()}${line.slice(1)}\n`);
};

try {
  await installMoto({ progress });
  await zookeeperHome(progress);
} catch (error) {
  progress(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
