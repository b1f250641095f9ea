// SPDX-License-Identifier: Apache-2.0
/** The local AWS, for code outside of this folder; README.md says how to use it. */
export type { CallCount, LoggedCall } from './call-log.ts';
export { type Cloud, type CloudOptions, startCloud } from './cloud.ts';
export type { Machines } from './ec2/machines.ts';
export { FAULT_KINDS, type Fault, SPARED_CALLER } from './faults.ts';
export type { InstanceRights } from './iam/instance-rights.ts';
export { debianImages } from './moto/debian-images.ts';
export { startForkServer } from './moto/fork-server.ts';
export { installMoto, startMoto } from './moto/moto.ts';
export { ISOLATED_ADDRESS } from './own-address.ts';
export { SERVICES } from './services.ts';
