// SPDX-License-Identifier: Apache-2.0
import type { Struct } from '../../value.ts';
import type { CloudFormationTimings } from '../resources/handler.ts';
import type { SchemaOf } from '../schema/resource-schema.ts';

/** The parts of AWS that CloudFormation needs. */
export interface StackCloud {
  readonly region: string;
  readonly account: string;
  readonly schemaOf: SchemaOf;
  readonly timings: CloudFormationTimings;
  /** A call to another service in the name of `caller`. */
  call(service: string, action: string, input: Struct, caller: string): Promise<Struct>;
}
