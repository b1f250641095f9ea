// SPDX-License-Identifier: Apache-2.0
import { type EnsembleConfig, EVERY_ADDRESS, type Member, type MemberRole } from '../model/member.ts';
import { toZxid, ZXID_ZERO, type Zxid } from '../model/zxid.ts';

/**
 * Dynamic config text, as in `zoo.cfg.dynamic.*` and in the node `/zookeeper/config`
 * (ZooKeeper 3.9.5, QuorumPeer.QuorumServer and QuorumVerifier.toString):
 *
 *     server.1=10.0.0.1:2888:3888:participant;10.0.0.1:2181
 *     server.2=[fd00::2]:2888:3888:observer;[fd00::2]:2181
 *     version=100000003
 *
 * Three parts may be missing: the role (then it is participant), the client address (then it is every address,
 * `0.0.0.0`), and the whole client part (then the member has client port 0). A member may have several addresses,
 * joined by `|`, and since 3.10 a secure client part after a second `;`. The version is hexadecimal. Only the node
 * `/zookeeper/config` and `.next` have that line; other files have their version in their name.
 *
 * A line that can't be understood is kept as it is, so that the agent still looks after a server with such a config.
 * What follows from the line is decided elsewhere (Joining 11).
 */
const ROLES: readonly string[] = ['participant', 'observer'];

/** A reason why a line can't be understood. */
class NotUnderstood extends Error {}

/** Members come in the order of their ids. */
export function parseDynamicConfig(text: string): EnsembleConfig {
  const members = new Map<number, Member>();
  const notUnderstood: string[] = [];
  let version: Zxid = ZXID_ZERO;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) {
      continue;
    }
    try {
      const [key, value] = splitProperty(line);
      if (key === 'version') {
        version = parseVersion(value);
      } else {
        const member = parseMember(key, value);
        if (members.has(member.id)) {
          throw new NotUnderstood(`server ${member.id} stands in it twice`);
        }
        members.set(member.id, member);
      }
    } catch (error) {
      if (!(error instanceof NotUnderstood)) {
        throw error;
      }
      notUnderstood.push(line);
    }
  }
  return {
    version,
    members: [...members.values()].sort((a, b) => a.id - b.id),
    ...(notUnderstood.length === 0 ? {} : { notUnderstood }),
  };
}

/**
 * `server.1=10.0.0.1:2888:3888:participant;10.0.0.1:2181`, which is also the form of a joining server in a reconfig.
 */
export function formatMember(member: Member): string {
  if (member.verbatim !== undefined) {
    return `server.${member.id}=${member.verbatim}`;
  }
  const quorum = `${bracketed(member.address)}:${member.quorumPort}:${member.electionPort}:${member.role}`;
  const client = member.clientPort === 0 ? '' : `;${bracketed(member.clientAddress)}:${member.clientPort}`;
  return `server.${member.id}=${quorum}${client}`;
}

/** The version in a dynamic file's name, such as `zoo.cfg.dynamic.100000003`. Zero for a file without a version. */
export function versionOfFileName(name: string): Zxid {
  const hex = /\.dynamic\.([0-9a-f]{1,16})$/.exec(name)?.[1];
  return hex === undefined ? ZXID_ZERO : toZxid(BigInt(`0x${hex}`));
}

/** Java's Properties, which writes the files, escapes `:`, `=`, `#`, `!` and spaces with a backslash. */
function splitProperty(line: string): readonly [string, string] {
  const plain = line.replaceAll(/\\([\\:=#! ])/g, '$1');
  const equals = plain.indexOf('=');
  if (equals < 0) {
    throw new NotUnderstood('it has no "="');
  }
  return [plain.slice(0, equals).trim(), plain.slice(equals + 1).trim()];
}

function parseVersion(value: string): Zxid {
  if (!/^[0-9a-fA-F]{1,16}$/.test(value)) {
    throw new NotUnderstood('the version is no hexadecimal number');
  }
  return toZxid(BigInt(`0x${value}`));
}

/** For the server an id is any whole number. Only ids that our nodes claim are from 1 to 255. */
function parseMember(key: string, value: string): Member {
  const idText = /^server\.(\d{1,15})$/.exec(key)?.[1];
  if (idText === undefined) {
    throw new NotUnderstood('only "server.N=" and "version=" lines are expected');
  }
  const [quorum = '', client, secureClient, ...rest] = value.split(';');
  if (rest.length > 0) {
    throw new NotUnderstood('it has more than two ";"');
  }
  const parts = quorum.split('|').map(parseQuorumPart);
  const [first] = parts;
  const roles = new Set(parts.flatMap((part) => part.role ?? []));
  if (first === undefined || roles.size > 1) {
    throw new NotUnderstood('its addresses have different roles');
  }
  if (secureClient) {
    parseClient(secureClient);
  }
  return {
    id: Number(idText),
    ...first,
    role: [...roles][0] ?? 'participant',
    ...parseClient(client),
    ...(parts.length > 1 || secureClient ? { verbatim: value } : {}),
  };
}

interface QuorumPart {
  readonly address: string;
  readonly quorumPort: number;
  readonly electionPort: number;
  readonly role: MemberRole | undefined;
}

function parseQuorumPart(text: string): QuorumPart {
  const [address, quorumPort, electionPort, role, ...more] = splitAddress(text);
  if (address === '' || quorumPort === undefined || electionPort === undefined || more.length > 0) {
    throw new NotUnderstood('a member is "address:quorumPort:electionPort[:role]"');
  }
  return {
    address,
    quorumPort: parsePort(quorumPort),
    electionPort: parsePort(electionPort),
    role: role === undefined ? undefined : parseRole(role),
  };
}

function parseRole(text: string): MemberRole {
  const role = text.trim().toLowerCase();
  if (!ROLES.includes(role)) {
    throw new NotUnderstood(`the role "${text}" is neither participant nor observer`);
  }
  return role === 'observer' ? 'observer' : 'participant';
}

function parseClient(client: string | undefined): Pick<Member, 'clientAddress' | 'clientPort'> {
  if (client === undefined || client === '') {
    return { clientAddress: EVERY_ADDRESS, clientPort: 0 };
  }
  const [first, second, ...more] = splitAddress(client);
  if (more.length > 0) {
    throw new NotUnderstood('the part for clients is "[address:]port"');
  }
  return second === undefined
    ? { clientAddress: EVERY_ADDRESS, clientPort: parsePort(first) }
    : { clientAddress: first, clientPort: parsePort(second) };
}

/** Splits at colons, except inside the brackets of an IPv6 address. The brackets are removed. */
function splitAddress(text: string): [string, ...string[]] {
  if (!text.startsWith('[')) {
    const [first = '', ...rest] = text.split(':');
    return [first, ...rest];
  }
  const end = text.indexOf(']');
  const address = text.slice(1, end);
  // Uses URL, because the tick reads configs as well, and does not load node:net.
  if (end < 0 || !URL.canParse(`http://[${address}]/`)) {
    throw new NotUnderstood('the brackets hold no IPv6 address');
  }
  const rest = text.slice(end + 1);
  if (rest === '') {
    return [address];
  }
  if (!rest.startsWith(':')) {
    throw new NotUnderstood('a colon must follow the brackets');
  }
  return [address, ...rest.slice(1).split(':')];
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw new NotUnderstood(`"${text}" is no port`);
  }
  return port;
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
