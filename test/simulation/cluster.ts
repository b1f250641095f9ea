// SPDX-License-Identifier: Apache-2.0
/** What persons and checkers see of a world. */
import type { EnsembleConfig } from '../../src/model/member.ts';
import type { OneHistory } from './checkers/one-history.ts';
import type { Instance } from './cloud/instances.ts';
import type { Scheduler } from './core/scheduler.ts';
import type { Trace } from './core/trace.ts';
import type { Node } from './node/node.ts';
import type { Cloud } from './node/ports.ts';
import type { Ensemble } from './zookeeper/ensemble.ts';
import type { Server } from './zookeeper/server.ts';

export interface Cluster {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly cloud: Cloud;
  readonly ensemble: Ensemble;
  readonly history: OneHistory;
  readonly nodes: readonly Node[];
  readonly living: readonly Node[];
  readonly leader: Server | undefined;
  readonly newestRecord: number;
  /** The last configs that committed, the newest one last. */
  readonly committedConfigs: readonly EnsembleConfig[];
  terminate(instance: Instance): void;
}
