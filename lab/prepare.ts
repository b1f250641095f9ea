// SPDX-License-Identifier: Apache-2.0
/** The part of the set-up that is not shell: moto's Python environment and the ZooKeeper server. Run by lab/setup.sh. */
import { installMoto } from '../cloud/index.ts';
import { zookeeperHome } from './zookeeper/fetch.ts';

const progress = (line: string): void => {
  process.stderr.write(`${line.charAt(0).toUpperCase()}${line.slice(1)}\n`);
};

await installMoto({ progress });
await zookeeperHome(progress);
