// SPDX-License-Identifier: Apache-2.0
/** What static identities add: a server stands at its own address, and so do the members of a first ensemble. */
import type { GenesisRecord } from '../../../src/model/records.ts';
import type { ElasticIps } from '../cloud/elastic-ips.ts';
import type { Instances } from '../cloud/instances.ts';
import type { Objects } from '../cloud/objects.ts';
import { Violation } from '../core/violation.ts';
import type { Node } from '../node/node.ts';

const RECORD_1 = 'lineage/000001.json';

export class SlotChecker {
  readonly #elasticIps: ElasticIps;
  #founded = false;

  constructor(elasticIps: ElasticIps) {
    this.#elasticIps = elasticIps;
  }

  /** An address outlasts a reboot, so whoever has voted once may start unasked. */
  started({ instance, disk }: Node): void {
    if (instance.state !== 'running' || disk.ready || this.#elasticIps.attachedTo(instance.id)) return;
    throw new Violation('stands-at-its-address', `${instance.id} starts its server, and has no address of a slot`);
  }

  /** The first record is looked at once, when it appears. Who has ended since may have had its address. */
  look(objects: Objects, instances: Instances): void {
    if (this.#founded) return;
    const body = objects.get(RECORD_1)?.body;
    if (body === undefined) return;
    this.#founded = true;
    const { members } = JSON.parse(body) as GenesisRecord;
    const missing = members.find(
      ({ instance, address }) =>
        instances.find(instance)?.state === 'running' && this.#elasticIps.attachedTo(instance) !== address,
    );
    if (!missing) return;
    throw new Violation(
      'founded-in-place',
      `${missing.instance} is a first member, and ${missing.address} is elsewhere`,
    );
  }
}
