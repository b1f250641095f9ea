// SPDX-License-Identifier: Apache-2.0
/** Each lab of containers has this network, in a network namespace of its own where nothing else has it. */
import { ISOLATED_ADDRESS } from '../../cloud/index.ts';

/** The first two numbers of every address in it. */
export const CONTAINER_PREFIX = '10.77';
/** Of the lab itself: its cloud listens there. */
export const CONTAINER_LAB_ADDRESS = ISOLATED_ADDRESS;
/** Where EC2 has its metadata service; in a container lab it has that very address. */
export const METADATA_ADDRESS = '169.254.169.254';
