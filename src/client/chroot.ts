// SPDX-License-Identifier: Apache-2.0
import { ZookeeperError } from './errors.ts';
import { pathProblem } from './path.ts';

/**
 * A chroot is the znode that a client takes for its root: the codec puts it before each path that is sent, and takes it
 * off each path that comes. Only the config of the ensemble stands outside. A chroot is not created by the client:
 * without its znode, creates fail with NO_NODE.
 */

/** Takes `host:port,host:port/chroot` apart; the chroot is empty for none. Throws BAD_REQUEST for a bad one. */
export function splitChroot(servers: string): { readonly servers: string; readonly chroot: string } {
  const slash = servers.indexOf('/');
  if (slash < 0) return { servers, chroot: '' };
  return { servers: servers.slice(0, slash), chroot: checkedChroot(servers.slice(slash)) };
}

/** Empty for none. Throws BAD_REQUEST for anything that is no path. */
export function checkedChroot(chroot: string): string {
  if (chroot === '' || chroot === '/') return '';
  const problem = pathProblem(chroot, false);
  if (problem !== undefined) {
    throw new ZookeeperError('BAD_REQUEST', `the chroot is wrong: ${problem.message}`, problem);
  }
  return chroot;
}
