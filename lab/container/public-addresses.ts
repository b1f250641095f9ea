// SPDX-License-Identifier: Apache-2.0
/**
 * Elastic IPs in a lab's network, as an internet gateway makes them. No machine has the address itself: packets to it
 * reach the private address of its instance, and packets between two such instances come from the public address.
 *
 * Like the rules of the stack, the network lets only instances that have an Elastic IP reach another one. So may the
 * lab itself, where the clients are. Packets to an address that no instance has disappear.
 */
import { runProgram } from '../../tools/program.ts';
import { CONTAINER_LAB_ADDRESS, PUBLIC_PREFIX } from './addresses.ts';

const TABLE = 'public';
const RULES = `table ip ${TABLE} {
  set holders { type ipv4_addr; }
  map inward { type ipv4_addr : ipv4_addr; }
  map outward { type ipv4_addr : ipv4_addr; }
  chain forbid {
    type filter hook prerouting priority -200;
    ip daddr ${PUBLIC_PREFIX}.0/24 ip saddr != ${CONTAINER_LAB_ADDRESS} ip saddr != @holders drop
  }
  chain arrive { type nat hook prerouting priority -100; dnat to ip daddr map @inward; }
  chain leave { type nat hook output priority -100; dnat to ip daddr map @inward; }
  chain pass { type nat hook postrouting priority 100; ct status dnat snat to ip saddr map @outward; }
}
`;

/**
 * Where this is on, rules see a packet while the bridge has it. What they translate there goes straight to the port of
 * its new address, and the ports are isolated from each other.
 */
const WITHOUT_BRIDGE = `file=/proc/sys/net/bridge/bridge-nf-call-iptables
if [ -e $file ]; then echo 0 > $file; fi
`;

export class PublicAddresses {
  readonly #namespace: string;

  private constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** In the lab's own namespace, which has no Elastic IPs yet. */
  static async in(namespace: string): Promise<PublicAddresses> {
    const addresses = new PublicAddresses(namespace);
    await addresses.#run('ip', ['route', 'replace', `${PUBLIC_PREFIX}.0/24`, 'dev', 'br0']);
    await addresses.#run('sh', ['-ec', WITHOUT_BRIDGE]);
    await addresses.#run('nft', ['-f', '-'], RULES);
    return addresses;
  }

  /** From now on exactly these are held: the private address of the instance, by the public one. */
  async hold(held: ReadonlyMap<string, string>): Promise<void> {
    const flushed = ['map', 'inward', 'map', 'outward', 'set', 'holders'];
    const lines = [0, 2, 4].map((at) => `flush ${flushed[at]} ip ${TABLE} ${flushed[at + 1]}`);
    for (const [address, own] of held) {
      lines.push(`add element ip ${TABLE} inward { ${address} : ${own} }`);
      lines.push(`add element ip ${TABLE} outward { ${own} : ${address} }`);
      lines.push(`add element ip ${TABLE} holders { ${own} }`);
    }
    await this.#run('nft', ['-f', '-'], `${lines.join('\n')}\n`);
  }

  async #run(program: string, args: readonly string[], input = ''): Promise<void> {
    await runProgram('nsenter', [`--net=/run/netns/${this.#namespace}`, program, ...args], { input });
  }
}
