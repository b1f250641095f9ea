// SPDX-License-Identifier: Apache-2.0
/**
 * The lab's network: one namespace for the lab, and one for each machine. The lab's namespace has a bridge with the
 * lab's own address and the one of the metadata service.
 *
 * As in EC2, the network answers every ARP request itself and all packets pass through it. For this the bridge's ports
 * are isolated from each other, and the lab's namespace forwards between them. So one rule there cuts a link without
 * any notice. And as in EC2, packets to an address that nothing has any more disappear. No namespace has a route to the
 * outside.
 *
 * With an idle timeout the network is a stateful firewall, as security groups are: it forgets a TCP connection on which
 * nothing passed for so long, and then drops its packets without a word.
 */
import { readdirSync } from 'node:fs';
import { runProgram } from '../../tools/program.ts';
import {
  CONTAINER_PREFIX,
  METADATA_ADDRESS,
  CONTAINER_LAB_ADDRESS as OWN_ADDRESS,
  PUBLIC_PREFIX,
} from './addresses.ts';

export interface Cut {
  readonly from: string;
  readonly to: string;
}

export interface LabNetwork extends AsyncDisposable {
  /** The name of the lab's own namespace: /run/netns/<namespace>. */
  readonly namespace: string;
  readonly ownAddress: string;
  readonly prefix: string;
  readonly cuts: readonly Cut[];
  /** Makes the machine's namespace, with an interface that has this address. Returns its path for nspawn. */
  attach(machine: string, address: string): Promise<string>;
  /** Removes the machine's namespace and its interface. Does nothing when there is none. */
  detach(machine: string): Promise<void>;
  /**
   * From now on, packets from the first address never reach the second. This cuts one direction. Either address may be
   * the lab's own.
   */
  cut(from: string, to: string): Promise<void>;
  /** Undoes every cut. */
  heal(): Promise<void>;
}

export interface NetworkOptions {
  /** Connections between machines are forgotten after this long without a packet; never when left out. */
  readonly idleTimeoutSeconds?: number;
}

const NAMESPACES = '/run/netns';
const NAMESPACE_PREFIX = 'zk-';
const TABLE = 'lab';

/** Makes the network of this lab. First removes what an earlier lab of that name left. */
export async function makeNetwork(lab: string, { idleTimeoutSeconds }: NetworkOptions = {}): Promise<LabNetwork> {
  await removeNetwork(lab);
  const namespace = labNamespace(lab);
  await runProgram('ip', ['netns', 'add', namespace]);
  try {
    await ip(namespace, [
      'link set lo up',
      // Without a fixed address, a bridge takes the address of its lowest port. Machines would lose it when ports go.
      'link add br0 address 02:00:0a:4d:00:01 type bridge stp_state 0 forward_delay 0 mcast_snooping 0',
      `address add ${OWN_ADDRESS}/16 dev br0`,
      `address add ${METADATA_ADDRESS}/32 dev br0`,
      'link set br0 up',
    ]);
    await inNamespace(namespace, 'sh', ['-c', ROUTER_SETTINGS]);
    await inNamespace(namespace, 'nft', ['-f', '-'], RULES);
    if (idleTimeoutSeconds !== undefined) await forgetIdleConnections(namespace, idleTimeoutSeconds);
  } catch (error) {
    await removeNetwork(lab);
    throw error;
  }
  return new BridgedNetwork(lab, namespace);
}

/** The network that another process has just made for this process to run in; nothing is attached to it yet. */
export function joinNetwork(lab: string): LabNetwork {
  const namespace = labNamespace(lab);
  if (!namespaceNames().includes(namespace)) throw new Error(`There is no network namespace ${namespace}.`);
  return new BridgedNetwork(lab, namespace);
}

/** Removes what a crashed lab left: its namespaces, and with them everything inside. */
export async function removeNetwork(lab: string): Promise<void> {
  const own = labNamespace(lab);
  const left = namespaceNames().filter((name) => name === own || name.startsWith(`${own}.`));
  for (const name of left) await runProgram('ip', ['netns', 'delete', name]);
}

/**
 * The network answers ARP for every address at once (proxy_arp_pvlan, RFC 3069) and forwards packets. It tells no
 * machine of a shorter way. IPv6 is off, since nothing here has an IPv6 address.
 */
const ROUTER_SETTINGS = `set -e
cd /proc/sys/net
echo 1 > ipv4/ip_forward
for conf in ipv4/conf/all ipv4/conf/default ipv4/conf/br0; do
  echo 0 > $conf/rp_filter
  echo 0 > $conf/send_redirects
done
echo 1 > ipv4/conf/br0/proxy_arp_pvlan
echo 0 > ipv4/neigh/br0/proxy_delay
if [ -d ipv6/conf ]; then echo 1 > ipv6/conf/all/disable_ipv6; fi
`;

/** The rules check forwarded packets, packets to the lab and packets from the lab. A drop is silent. */
const RULES = `table ip ${TABLE} {
  set cuts { type ipv4_addr . ipv4_addr; }
  chain forward { type filter hook forward priority 0; ip saddr . ip daddr @cuts drop; }
  chain input { type filter hook input priority 0; ip saddr . ip daddr @cuts drop; }
  chain output {
    type filter hook output priority 0;
    ip saddr . ip daddr @cuts drop;
    icmp type destination-unreachable icmp code host-unreachable drop;
  }
}
`;

/**
 * Only a handshake makes a new connection: without `nf_conntrack_tcp_loose` 0 the kernel would take up one that it has
 * forgotten. The rules come first, since the settings are there only once something is tracked.
 */
async function forgetIdleConnections(namespace: string, idleTimeoutSeconds: number): Promise<void> {
  if (!Number.isInteger(idleTimeoutSeconds) || idleTimeoutSeconds < 1) {
    throw new Error(`An idle timeout is whole seconds from 1: ${idleTimeoutSeconds}`);
  }
  await inNamespace(namespace, 'nft', ['-f', '-'], `add rule ip ${TABLE} forward ct state invalid drop\n`);
  const settings = `cd /proc/sys/net/netfilter
echo 0 > nf_conntrack_tcp_loose
echo ${idleTimeoutSeconds} > nf_conntrack_tcp_timeout_established
`;
  await inNamespace(namespace, 'sh', ['-ec', settings]);
}

class BridgedNetwork implements LabNetwork {
  readonly namespace: string;
  readonly ownAddress = OWN_ADDRESS;
  readonly prefix = CONTAINER_PREFIX;
  readonly #lab: string;
  readonly #addresses = new Map<string, string>();
  #cuts: readonly Cut[] = [];

  constructor(lab: string, namespace: string) {
    this.#lab = lab;
    this.namespace = namespace;
  }

  get cuts(): readonly Cut[] {
    return this.#cuts;
  }

  async attach(machine: string, address: string): Promise<string> {
    const [third, fourth] = checkedAddress(address);
    const namespace = machineNamespace(this.#lab, machine);
    if (this.#addresses.has(machine)) throw new Error(`Machine ${machine} is in the network already.`);
    const holder = [...this.#addresses].find(([, held]) => held === address)?.[0];
    if (holder !== undefined) throw new Error(`Machine ${machine} can't have ${address}: ${holder} has it.`);
    this.#addresses.set(machine, address);
    const port = `m-${third}-${fourth}`;
    const hardware = hardwareAddress(third, fourth);
    try {
      await runProgram('ip', ['netns', 'add', namespace]);
      await ip(this.namespace, [
        `link add ${port} type veth peer name ens5 address ${hardware} netns ${namespace}`,
        `link set ${port} master br0`,
        `link set ${port} type bridge_slave isolated on`,
        `link set ${port} up`,
        `neighbour replace ${address} lladdr ${hardware} dev br0 nud permanent`,
      ]);
      await ip(namespace, [
        'link set lo up',
        `address add ${address}/16 dev ens5`,
        'link set ens5 up',
        `route add ${METADATA_ADDRESS}/32 dev ens5`,
        `route add ${PUBLIC_PREFIX}.0/24 dev ens5`,
      ]);
    } catch (error) {
      await this.detach(machine);
      throw error;
    }
    return `${NAMESPACES}/${namespace}`;
  }

  async detach(machine: string): Promise<void> {
    const address = this.#addresses.get(machine);
    const namespace = machineNamespace(this.#lab, machine);
    if (address !== undefined) {
      const [third, fourth] = checkedAddress(address);
      // The interface is removed now, even if a process still uses the namespace: the address must be free at once.
      const commands = [`link delete m-${third}-${fourth}`, `neighbour delete ${address} dev br0`];
      for (const command of commands) await ip(this.namespace, [command]).catch(ignoreMissing);
    }
    if (namespaceNames().includes(namespace)) await runProgram('ip', ['netns', 'delete', namespace]);
    this.#addresses.delete(machine);
  }

  async cut(from: string, to: string): Promise<void> {
    checkedEnd(from);
    checkedEnd(to);
    if (this.#cuts.some((cut) => cut.from === from && cut.to === to)) return;
    await this.#rules(`add element ip ${TABLE} cuts { ${from} . ${to} }`);
    this.#cuts = [...this.#cuts, { from, to }];
  }

  async heal(): Promise<void> {
    await this.#rules(`flush set ip ${TABLE} cuts`);
    this.#cuts = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeNetwork(this.#lab);
    this.#addresses.clear();
    this.#cuts = [];
  }

  async #rules(rules: string): Promise<void> {
    await inNamespace(this.namespace, 'nft', ['-f', '-'], `${rules}\n`);
  }
}

/** The labs that have a network here, or have left one. */
export function labsWithNetwork(): readonly string[] {
  const own = namespaceNames().filter((name) => name.startsWith(NAMESPACE_PREFIX));
  return [...new Set(own.map((name) => name.slice(NAMESPACE_PREFIX.length).split('.')[0] ?? ''))];
}

/** Names of labs and machines contain no dot. So the namespaces of one lab never look like those of another. */
function labNamespace(lab: string): string {
  return `${NAMESPACE_PREFIX}${checkedName(lab)}`;
}

function machineNamespace(lab: string, machine: string): string {
  return `${labNamespace(lab)}.${checkedName(machine)}`;
}

function checkedName(name: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) throw new Error(`"${name}" can't be part of a namespace's name.`);
  return name;
}

/** The third and fourth number of a machine's address. */
function checkedAddress(address: string): readonly [number, number] {
  const [, third, fourth] = /^10\.77\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.map(Number) ?? [];
  if (third === undefined || fourth === undefined || third > 255 || fourth > 255 || address === OWN_ADDRESS) {
    throw new Error(`${address} is no machine's address: the lab's network is 10.77.0.0/16 without ${OWN_ADDRESS}.`);
  }
  return [third, fourth];
}

function checkedEnd(address: string): void {
  if (address !== OWN_ADDRESS && address !== METADATA_ADDRESS) checkedAddress(address);
}

/** A locally administered address, made from the IP address, since nothing else distinguishes machines. */
function hardwareAddress(third: number, fourth: number): string {
  return `02:00:0a:4d:${third.toString(16).padStart(2, '0')}:${fourth.toString(16).padStart(2, '0')}`;
}

function namespaceNames(): readonly string[] {
  try {
    return readdirSync(NAMESPACES);
  } catch {
    return [];
  }
}

function ignoreMissing(error: unknown): void {
  if (!/Cannot find device|No such file|No such process/.test(String(error))) throw error;
}

async function ip(namespace: string, commands: readonly string[]): Promise<void> {
  await runProgram('ip', ['-n', namespace, '-batch', '-'], { input: `${commands.join('\n')}\n` });
}

async function inNamespace(namespace: string, program: string, args: readonly string[], input = ''): Promise<void> {
  await runProgram('nsenter', [`--net=${NAMESPACES}/${namespace}`, program, ...args], { input });
}
