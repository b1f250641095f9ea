// SPDX-License-Identifier: Apache-2.0
/**
 * `zoo.cfg`, as a string module so that it needs no file beside the executable.
 * The server edits the written file itself: it points `dynamicConfigFile` at each config that commits.
 *
 * - `standaloneEnabled` and `reconfigEnabled` must be the same on every member; their defaults forbid growing from one
 *   and reconfig at all.
 * - There is no `clientPort` here: each member's client address stands in the dynamic file.
 * - Elastic IP 6: no card has the address of the member, so a server that binds to it ends.
 * - The purge runs hourly: a large tree written often makes more snapshots in a day than a disk holds. On a small disk
 *   the logs are short, too; the server takes both settings for Java properties of its own.
 * - `snapshot.trust.empty` is never set: it would let a server with logs and no snapshot pass as whole.
 */
export const ZOO_CFG_TEMPLATE = `tickTime={{tickTimeMs}}
initLimit={{initLimit}}
syncLimit={{syncLimit}}
{{#if maxSessionTimeoutMs}}
maxSessionTimeout={{maxSessionTimeoutMs}}
{{/if}}
dataDir={{dataDir}}
dynamicConfigFile={{dynamicFile}}
standaloneEnabled=false
reconfigEnabled=true
admin.enableServer=false
4lw.commands.whitelist=srvr,ruok,mntr
{{#if onAllAddresses}}
quorumListenOnAllIPs=true
{{/if}}
electionPortBindRetry=10
autopurge.snapRetainCount=5
autopurge.purgeInterval=1
{{#if snapSizeLimitKib}}
snapSizeLimitInKb={{snapSizeLimitKib}}
preAllocSize={{preAllocKib}}
{{/if}}
`;
