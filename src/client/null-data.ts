// SPDX-License-Identifier: Apache-2.0
/**
 * The data of a znode that was created without data by clients that write null. It is an empty buffer. This very object
 * is what such data reads as, and it is written as null again.
 */
export const NULL_DATA: Buffer = Buffer.alloc(0);
