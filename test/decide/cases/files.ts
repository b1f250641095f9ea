// SPDX-License-Identifier: Apache-2.0
import { refuse, take } from '../../../src/model/step.ts';
import { COMMITTED, configOf, dataOf, diskOf, ensembleOf, instanceOf, STOPPED } from '../parts.ts';
import { healthy } from '../situations.ts';
import { NOTHING_ELSE_HELPS } from './advised.ts';
import { type Row, row } from './row.ts';

/** Files, Server, and data that a node refuses. */
export const FILES: readonly Row[] = [
  row(
    'Files 3: a voter that serves gets its stamp anew',
    healthy({ disk: diskOf(1, { stamp: undefined, data: undefined, vouched: undefined }) }),
    take(
      { kind: 'mend-files', id: 1, lineage: 1, config: configOf([1, 2, 3]) },
      "This node votes as member 1, and its stamp can't be read from its disk any more: written anew.",
    ),
  ),
  row(
    'Joining 2: data of another cluster is refused',
    healthy({ disk: diskOf(1, { stamp: { cluster: 'billing-11112222', lineage: 1, id: 1 } }) }),
    refuse(
      'DATA_OF_ANOTHER_CLUSTER',
      'The data directory of i-0a01 belongs to cluster billing-11112222, not to orders-4f1c2a90.',
      [
        { action: 'right-volume', instance: instanceOf(1), when: [] },
        {
          action: 'move-data-away',
          instance: instanceOf(1),
          path: 'version-2',
          when: [{ is: 'leader' }, NOTHING_ELSE_HELPS],
        },
      ],
    ),
  ),
  row(
    'Joining 2: data without a stamp is refused',
    healthy({
      disk: diskOf(1, { stamp: undefined, ready: false, vouched: undefined }),
      server: { ...STOPPED, answer: { kind: 'silent', why: 'No server listens.' } },
    }),
    refuse(
      'DATA_WITHOUT_STAMP',
      'The data directory of i-0a01 holds data without a stamp, so nobody knows which cluster it is of.',
      [
        { action: 'right-volume', instance: instanceOf(1), when: [] },
        {
          action: 'move-data-away',
          instance: instanceOf(1),
          path: 'version-2',
          when: [{ is: 'leader' }, NOTHING_ELSE_HELPS],
        },
      ],
    ),
  ),
  row(
    'Server 5: a server that ends at every start has data that no server starts on',
    healthy({
      server: {
        ...STOPPED,
        restarting: true,
        ends: {
          count: 3,
          sinceMs: 400,
          how: 'exit code 1',
          error:
            'ERROR [main] QuorumPeer: Unable to load database on disk | Caused by: java.io.IOException: Unsupported Txn with type=9999',
        },
      },
      ensemble: ensembleOf([1, 2, 3], { servingIds: [2, 3] }),
    }),
    take(
      {
        kind: 'note-failed-start',
        why: 'The server of this node ended 3 times right after its start (exit code 1). The last error of its log: ERROR [main] QuorumPeer: Unable to load database on disk | Caused by: java.io.IOException: Unsupported Txn with type=9999',
        data: dataOf(1, COMMITTED),
      },
      'The server of this node ended 3 times right after its start (exit code 1). The last error of its log: ERROR [main] QuorumPeer: Unable to load database on disk | Caused by: java.io.IOException: Unsupported Txn with type=9999. So no server starts on this data.',
    ),
  ),
];
