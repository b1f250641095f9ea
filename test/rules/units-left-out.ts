// SPDX-License-Identifier: Apache-2.0
import type { LeftOut } from './left-out.ts';

/** A rule of another room, and the test that fails without it: its file below test, and its whole name. */
export interface UnitLeftOut extends LeftOut {
  readonly test: string;
  readonly name: string;
}

export const UNITS_LEFT_OUT: readonly UnitLeftOut[] = [
  {
    rule: 'Claims 6: where the leader was found by the claims, they are read again',
    file: 'observe/search.ts',
    search: 'return ofThisCluster(look, disk, elsewhere, signal);',
    replace: 'return { ...nearby, ensemble: elsewhere[0] };',
    test: 'observe/observe.test.ts',
    name: 'a leader found through the claims has its claims read again after its config',
  },
  {
    rule: 'Files 1: an entry with the right checksum and its end mark is whole at any length',
    file: 'zookeeper/transaction-log.ts',
    search: '  const body = await checkBody(bytes, length, signal);',
    replace: '  const body = length > USUAL_BODY_BYTES ? undefined : await checkBody(bytes, length, signal);',
    test: 'zookeeper/transaction-log.test.ts',
    name: 'an entry of 5 MB with a right checksum is whole, as a raised jute.maxbuffer leaves it',
  },
  {
    rule: 'Disk 4: a snapshot that is not whole is none of the three that stay',
    file: 'zookeeper/purge.ts',
    search: '    if (!(await isWhole(snapshot))) continue;\n',
    replace: '',
    test: 'zookeeper/purge.test.ts',
    name: 'a snapshot that is not whole stands for no other one',
  },
  {
    rule: 'Recovery 1: the last zxid of a node that is not fenced makes no new report',
    file: 'decide/recover.ts',
    search: '  if (report.fenced || data === undefined) return JSON.stringify(report);',
    replace: '  if (report.fenced !== undefined) return JSON.stringify(report);',
    test: 'decide/by-hand.test.ts',
    name: 'a report whose last transaction alone has moved is not written again before the node is fenced',
  },
  {
    rule: 'Recovery 1: the wait before the same report doubles with each writing',
    file: 'observe/memory.ts',
    search: 'Math.min(LONGEST_REST_MS, this.#report.restMs * 2)',
    replace: 'this.#report.restMs',
    test: 'observe/report-rate.test.ts',
    name: 'a leader that comes and goes has the report withdrawn and raised ever less often',
  },
  {
    rule: 'Recovery 2: the report is withdrawn before the fence falls',
    file: 'act/recover.ts',
    search: '  await withdraw(step.record, context);\n  const newest',
    replace: '  const newest',
    test: 'act/order.test.ts',
    name: 'withdraw-report, lift-fence: a report that arrived late is not taken for withdrawn',
  },
  {
    rule: 'Words: only keys of our form under reports/ are read',
    file: 'registry/reports.ts',
    search: '/^reports\\/(i-[^/]+)\\.json$/',
    replace: '/^reports\\/(.+)$/',
    test: 'registry/reports.test.ts',
    name: 'only keys of our form are read, and a body that does not fit is named with its key',
  },
  {
    rule: 'Words: a thing with a newer format than the reader knows is unknown',
    file: 'model/formats.ts',
    search: 'if (format <= FORMATS[kind]) return undefined;',
    replace: 'return undefined;',
    test: 'registry/formats.test.ts',
    name: 'a claim of a newer release is unknown, and its key is named',
  },
];
