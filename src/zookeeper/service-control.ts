// SPDX-License-Identifier: Apache-2.0
/** The two ways in which a node's server is started and stopped; both refuse to start it while a fence stands, and without a stamp. */
export { type ProcessServiceOptions, processService } from './process-service.ts';
export { type SystemdServiceOptions, systemdService } from './systemd-service.ts';
