/** The dynamic config file: one `server.N=` line for each member, nothing else. ZooKeeper's name carries the version. */
export const DYNAMIC_CONFIG_TEMPLATE = `{{#each lines}}
{{this}}
{{/each}}
`;
