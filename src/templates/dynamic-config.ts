// SPDX-License-Identifier: Apache-2.0
/**
 * The dynamic config file: one `server.N=` line for each member, nothing else. ZooKeeper's name carries the version.
 */
export const DYNAMIC_CONFIG_TEMPLATE = `{{#each lines}}
{{this}}
{{/each}}
`;
