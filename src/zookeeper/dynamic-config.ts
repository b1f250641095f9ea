import { AgentError } from '../errors.ts';
import type { EnsembleConfig, Member, Role } from '../model/member.ts';
import { toZxid, ZXID_ZERO, type Zxid } from '../model/zxid.ts';

/**
 * Dynamic config text, as in `zoo.cfg.dynamic.*` and in the node `/zookeeper/config`
 * (ZooKeeper 3.9.5, QuorumPeer.QuorumServer and QuorumVerifier.toString):
 *
 *     server.1=10.0.0.1:2888:3888:participant;10.0.0.1:2181
 *     server.2=[fd00::2]:2888:3888:observer;[fd00::2]:2181
 *     version=100000003
 *
 * The role may be missing (participant), the client address too (every address, `0.0.0.0`), and the client part as
 * a whole (then the member has client port 0). The version is hexadecimal; only the node has that line, a file
 * carries its version in its name.
 */
const WILDCARD = '0.0.0.0';
const ROLES: readonly string[] = ['participant', 'observer'];
const NEXT =
  'Compare the file with the config that another member serves (get /zookeeper/config), then run the agent again.';

/** Throws BAD_DYNAMIC_FILE, naming the line. Members come in the order of their ids. */
export function parseDynamicConfig(text: string): EnsembleConfig {
  const members = new Map<number, Member>();
  let version: Zxid = ZXID_ZERO;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) {
      continue;
    }
    const [key, value] = splitProperty(line);
    if (key === 'version') {
      version = parseVersion(value, line);
    } else if (key.startsWith('server.')) {
      const member = parseMember(key, value, line);
      if (members.has(member.id)) {
        throw bad(line, `server ${member.id} stands in it twice`);
      }
      members.set(member.id, member);
    } else {
      throw bad(line, 'only "server.N=" and "version=" lines are expected');
    }
  }
  return { version, members: [...members.values()].sort((a, b) => a.id - b.id) };
}

/** One line a member, without a version: what stands in a file. */
export function formatDynamicConfig(members: readonly Member[]): string {
  return members.map((member) => `${formatMember(member)}\n`).join('');
}

/** `server.1=10.0.0.1:2888:3888:participant;10.0.0.1:2181`, also what a reconfig takes as a joining server. */
export function formatMember(member: Member): string {
  const quorum = `${bracketed(member.address)}:${member.quorumPort}:${member.electionPort}:${member.role}`;
  const client = member.clientPort === 0 ? '' : `;${bracketed(member.clientAddress)}:${member.clientPort}`;
  return `server.${member.id}=${quorum}${client}`;
}

/** The version that a dynamic file's name carries, `zoo.cfg.dynamic.100000003`; zero for a version-less one. */
export function versionOfFileName(name: string): Zxid {
  const hex = /\.dynamic\.([0-9a-f]{1,16})$/.exec(name)?.[1];
  return hex === undefined ? ZXID_ZERO : toZxid(BigInt(`0x${hex}`));
}

/** Java's Properties, which write the files, escape `:`, `=`, `#`, `!` and spaces with a backslash. */
function splitProperty(line: string): readonly [string, string] {
  const plain = line.replaceAll(/\\([\\:=#! ])/g, '$1');
  const equals = plain.indexOf('=');
  if (equals < 0) {
    throw bad(line, 'it has no "="');
  }
  return [plain.slice(0, equals).trim(), plain.slice(equals + 1).trim()];
}

function parseVersion(value: string, line: string): Zxid {
  if (!/^[0-9a-fA-F]{1,16}$/.test(value)) {
    throw bad(line, 'the version is no hexadecimal number');
  }
  return toZxid(BigInt(`0x${value}`));
}

function parseMember(key: string, value: string, line: string): Member {
  if (value.includes('|')) {
    throw bad(line, 'a member with several addresses ("|") is not supported');
  }
  const idText = key.slice('server.'.length);
  const id = Number(idText);
  if (!/^\d{1,3}$/.test(idText) || id < 1 || id > 255) {
    throw bad(line, `the id "${idText}" is no number from 1 to 255`);
  }
  const [server = '', client, ...rest] = value.split(';');
  if (rest.length > 0) {
    throw bad(line, 'it has more than one ";"');
  }
  const [address, quorumPort, electionPort, role = 'participant', ...more] = splitAddress(server, line);
  if (address === '' || quorumPort === undefined || electionPort === undefined || more.length > 0) {
    throw bad(line, 'a member is "address:quorumPort:electionPort[:role]"');
  }
  return {
    id,
    address,
    quorumPort: parsePort(quorumPort, line),
    electionPort: parsePort(electionPort, line),
    role: parseRole(role, line),
    ...parseClient(client, line),
  };
}

function parseRole(text: string, line: string): Role {
  const role = text.toLowerCase();
  if (!ROLES.includes(role)) {
    throw bad(line, `the role "${text}" is neither participant nor observer`);
  }
  return role === 'observer' ? 'observer' : 'participant';
}

function parseClient(client: string | undefined, line: string): Pick<Member, 'clientAddress' | 'clientPort'> {
  if (client === undefined || client === '') {
    return { clientAddress: WILDCARD, clientPort: 0 };
  }
  const [first, second, ...more] = splitAddress(client, line);
  if (more.length > 0) {
    throw bad(line, 'the part for clients is "[address:]port"');
  }
  return second === undefined
    ? { clientAddress: WILDCARD, clientPort: parsePort(first, line) }
    : { clientAddress: first, clientPort: parsePort(second, line) };
}

/** Splits at colons, but for those inside the brackets of an IPv6 address, which it takes off. */
function splitAddress(text: string, line: string): [string, ...string[]] {
  if (!text.startsWith('[')) {
    const [first = '', ...rest] = text.split(':');
    return [first, ...rest];
  }
  const end = text.indexOf(']');
  const address = text.slice(1, end);
  // By URL, since the tick reads configs as well, and goes without node:net.
  if (end < 0 || !URL.canParse(`http://[${address}]/`)) {
    throw bad(line, 'the brackets hold no IPv6 address');
  }
  const rest = text.slice(end + 1);
  if (rest === '') {
    return [address];
  }
  if (!rest.startsWith(':')) {
    throw bad(line, 'a colon must follow the brackets');
  }
  return [address, ...rest.slice(1).split(':')];
}

function parsePort(text: string, line: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw bad(line, `"${text}" is no port`);
  }
  return port;
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function bad(line: string, why: string): AgentError {
  return new AgentError('BAD_DYNAMIC_FILE', `The line "${line}" of the dynamic config cannot be read: ${why}.`, NEXT);
}
