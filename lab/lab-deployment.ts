// SPDX-License-Identifier: Apache-2.0
/** The facts of what a lab has deployed: a whole stack, or the parts of it that a bare group has. */
export interface LabDeployment {
  /** The ARN; undefined for a bare group. */
  readonly id?: string;
  readonly cluster: string;
  readonly bucket: string;
  readonly logGroup: string;
  readonly group: string;
  readonly imageId: string;
}
