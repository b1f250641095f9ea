// SPDX-License-Identifier: Apache-2.0
import type { Struct, Value } from '../../value.ts';
import type { ParameterDeclaration } from './parameter-declaration.ts';

export type DeletionPolicy = 'Delete' | 'Retain' | 'RetainExceptOnCreate';

export interface ResourceDeclaration {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Struct;
  readonly dependsOn: readonly string[];
  readonly creationPolicy?: Struct;
  readonly updatePolicy?: Struct;
  readonly metadata?: Struct;
  readonly deletionPolicy: DeletionPolicy;
  /** What happens to the old resource when it is replaced. */
  readonly updateReplacePolicy: 'Delete' | 'Retain';
}

export interface OutputDeclaration {
  readonly value: Value;
  readonly description?: string;
}

/** A template as written. Every reference in it has been checked. */
export interface Template {
  readonly text: string;
  readonly description?: string;
  readonly metadata?: Struct;
  readonly parameters: ReadonlyMap<string, ParameterDeclaration>;
  readonly resources: ReadonlyMap<string, ResourceDeclaration>;
  readonly outputs: ReadonlyMap<string, OutputDeclaration>;
}
