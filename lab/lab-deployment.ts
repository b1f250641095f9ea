// SPDX-License-Identifier: Apache-2.0
/** The facts of what a lab has deployed: all of a stack, or as much of it as the direct path to a group makes. */
export interface LabDeployment {
  /** The ARN; undefined for a bare group. */
  readonly id?: string;
  readonly cluster: string;
  readonly bucket: string;
  readonly logGroup: string;
  readonly group: string;
  readonly imageId: string;
}
