// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { CLIENT_PORT, ELECTION_PORT, QUORUM_PORT } from '../../src/model/member.ts';

const ATTEMPTS = 50;
const LISTENING = '0A';
const PORTS: ReadonlySet<number> = new Set([CLIENT_PORT, QUORUM_PORT, ELECTION_PORT]);
/** This host of a block stays bound while the block is in use, so that two processes never share one. */
const RESERVING_HOST = 254;

/** A /24 of the loopback network. Every member has its own address, and so can use the standard ports. */
export interface LoopbackBlock extends AsyncDisposable {
  /** `127.a.b` */
  readonly prefix: string;
  /** `127.a.b.0/24` */
  readonly cidr: string;
  /** The address of host 1 to 253. */
  address(host: number): string;
}

/** A random block where ZooKeeper's ports are free. It is reserved until it is disposed of or the process ends. */
export async function freeLoopbackBlock(): Promise<LoopbackBlock> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const prefix = `127.${randomBetween(32, 250)}.${randomBetween(0, 255)}`;
    const reservation = await listen(`${prefix}.${RESERVING_HOST}`);
    if (reservation === undefined) {
      continue;
    }
    if (!(await listeningAddresses()).some((address) => isIn(address, prefix))) {
      return block(prefix, reservation);
    }
    await close(reservation);
  }
  throw new Error(`No free block of loopback addresses was found in ${ATTEMPTS} attempts.`);
}

function block(prefix: string, reservation: Server): LoopbackBlock {
  return {
    prefix,
    cidr: `${prefix}.0/24`,
    address: (host) => `${prefix}.${host}`,
    [Symbol.asyncDispose]: () => close(reservation),
  };
}

function isIn(address: string, prefix: string): boolean {
  return address.startsWith(`${prefix}.`) && address !== `${prefix}.${RESERVING_HOST}`;
}

/** Addresses with a listener on one of ZooKeeper's ports, from /proc/net (addresses there are little-endian hex). */
export async function listeningAddresses(): Promise<readonly string[]> {
  const tables = await Promise.all([
    readFile('/proc/net/tcp', 'utf8'),
    readFile('/proc/net/tcp6', 'utf8').catch(() => ''),
  ]);
  const addresses: string[] = [];
  for (const line of tables.join('\n').split('\n')) {
    const [, local, , state] = line.trim().split(/\s+/);
    const [hex, port] = local?.split(':') ?? [];
    if (state === LISTENING && hex !== undefined && port !== undefined && PORTS.has(Number.parseInt(port, 16))) {
      addresses.push(ipv4Of(hex));
    }
  }
  return addresses;
}

/** In a dual-stack socket, the IPv4 address is the last four bytes of the IPv6 address. */
function ipv4Of(hex: string): string {
  const bytes = Buffer.from(hex.slice(-8), 'hex').reverse();
  return bytes.join('.');
}

async function listen(host: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ host, port: CLIENT_PORT }, () => {
      server.unref();
      resolve(server);
    });
  });
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}

/** Both ends included. */
function randomBetween(low: number, high: number): number {
  return low + Math.floor(Math.random() * (high - low + 1));
}
