// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { ApiModel } from '../api-model/model.ts';
import { AwsFailure } from '../failure.ts';
import type { MotoClient } from '../moto-client.ts';
import type { Struct } from '../value.ts';
import type { HostedZone } from './hosted-zone.ts';

export interface Route53Timings {
  /** How long a change is PENDING before the name servers answer by it (AWS: mostly within a minute). */
  readonly insyncMs: number;
}

export const DEFAULT_ROUTE53_TIMINGS: Route53Timings = { insyncMs: 300 };

interface SubmittedChange {
  readonly id: string;
  readonly submittedAtMs: number;
  readonly comment: string | undefined;
  insync: boolean;
}

const ID_SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
/** With its prefix `/hostedzone/` an id has 32 signs at most. */
const ID_LENGTH = 19;

/** The zones and the changes that are under way. */
export class Route53 {
  readonly zones = new Map<string, HostedZone>();
  readonly #changes = new Map<string, SubmittedChange>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #timings: Route53Timings;
  readonly #moto: MotoClient;
  readonly #ec2Model: ApiModel;

  constructor(timings: Route53Timings, moto: MotoClient, ec2Model: ApiModel) {
    this.#timings = timings;
    this.#moto = moto;
    this.#ec2Model = ec2Model;
  }

  /** Throws NoSuchHostedZone. The id may have the prefix with which AWS shows it. */
  zone(idOrPath: string): HostedZone {
    const id = idOrPath.replace(/^\/?hostedzone\//, '');
    const zone = this.zones.get(id);
    if (zone === undefined) throw new AwsFailure('NoSuchHostedZone', `No hosted zone found with ID: ${id}`, 404);
    return zone;
  }

  /**
   * Takes a change: `done` runs when it is INSYNC. Changes of a zone become so in the order in which they were taken.
   * Returns ChangeInfo.
   */
  submit(comment: string | undefined, done: () => void): Struct {
    const change: SubmittedChange = { id: randomId('C'), submittedAtMs: Date.now(), comment, insync: false };
    this.#changes.set(change.id, change);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      change.insync = true;
      done();
    }, this.#timings.insyncMs);
    this.#timers.add(timer);
    return shownChange(change);
  }

  change(idOrPath: string): Struct {
    const id = idOrPath.replace(/^\/?change\//, '');
    const change = this.#changes.get(id);
    if (change === undefined) throw new AwsFailure('NoSuchChange', `Could not find resource with ID: ${id}`, 404);
    return shownChange(change);
  }

  async refuseUnknownVpc(id: string): Promise<void> {
    const { Vpcs } = await this.#moto.ask(this.#ec2Model, 'DescribeVpcs', {
      Filters: [{ Name: 'vpc-id', Values: [id] }],
    });
    if (Array.isArray(Vpcs) && Vpcs.length === 1) return;
    throw new AwsFailure('InvalidVPCId', `The VPC ID ${id} is invalid.`);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}

export function randomId(prefix: string): string {
  return prefix + [...randomBytes(ID_LENGTH)].map((byte) => ID_SIGNS[byte % ID_SIGNS.length]).join('');
}

function shownChange({ id, submittedAtMs, comment, insync }: SubmittedChange): Struct {
  return {
    Id: `/change/${id}`,
    Status: insync ? 'INSYNC' : 'PENDING',
    SubmittedAt: new Date(submittedAtMs).toISOString(),
    ...(comment === undefined ? {} : { Comment: comment }),
  };
}
