// SPDX-License-Identifier: Apache-2.0
/** Every container lab has this network. Each has it in its own network namespace, so they do not conflict. */
import { ISOLATED_ADDRESS } from '../../cloud/index.ts';

/** The first two numbers of every address in the network. */
export const CONTAINER_PREFIX = '10.77';
/** The address of the lab itself: its cloud listens there. */
export const CONTAINER_LAB_ADDRESS = ISOLATED_ADDRESS;
/** The address of EC2's metadata service; a container lab uses the same one. */
export const METADATA_ADDRESS = '169.254.169.254';
/** The first three numbers of the Elastic IPs in such a lab (RFC 5737, for documentation; nobody on earth has them). */
export const PUBLIC_PREFIX = '198.51.100';
