// SPDX-License-Identifier: Apache-2.0
import { areSameRecords, type NameRecord } from '../../src/model/names.ts';

/** The records of a zone in memory: a batch is done as a whole or not at all. */
export class MemoryNames {
  records: readonly NameRecord[] = [];

  replace(there: readonly NameRecord[], wanted: readonly NameRecord[]): 'insync' | 'conflict' {
    const left = this.records.filter((record) => !there.some((other) => areSameRecords([record], [other])));
    if (left.length !== this.records.length - there.length) return 'conflict';
    const clash = wanted.some(({ name, identifier }) =>
      left.some((other) => other.name === name && other.identifier === identifier),
    );
    if (clash) return 'conflict';
    this.records = [...left, ...wanted];
    return 'insync';
  }
}
