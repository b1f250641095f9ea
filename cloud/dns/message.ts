// SPDX-License-Identifier: Apache-2.0
/** DNS messages (RFC 1035), as far as a server of A, TXT, NS and SOA records needs them. */

export interface Question {
  readonly id: number;
  readonly recursionDesired: boolean;
  readonly opcode: number;
  /** Lower case, with the dot at its end. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** The question as it came, which is repeated in the answer. */
  readonly bytes: Buffer;
}

export interface DnsRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  /** The value as Route 53 has it. */
  readonly value: string;
}

export interface DnsReply {
  readonly code: ReplyCode;
  readonly answers: readonly DnsRecord[];
  /** The zone's SOA, where there is no answer: it says for how long that may be believed. */
  readonly authority: readonly DnsRecord[];
}

type ReplyCode = 'NOERROR' | 'FORMERR' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED';

const CODES: Readonly<Record<ReplyCode, number>> = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 };
export const TYPE_NUMBERS: Readonly<Record<string, number>> = { A: 1, NS: 2, SOA: 6, TXT: 16 };
const IN = 1;
const HEADER_BYTES = 12;
/** The longest answer over UDP without EDNS. */
const LONGEST_BYTES = 512;
const TRUNCATED = 0x0200;

/** Undefined for what is no question, and has no id to answer to. */
export function readQuestion(message: Buffer): Question | undefined {
  if (message.length < HEADER_BYTES || (message.readUInt16BE(2) & 0x8000) !== 0) return undefined;
  const flags = message.readUInt16BE(2);
  const common = {
    id: message.readUInt16BE(0),
    recursionDesired: (flags & 0x0100) !== 0,
    opcode: (flags >> 11) & 15,
  };
  const nothing = { ...common, name: '', type: 0, class: 0, bytes: Buffer.alloc(0) };
  if (message.readUInt16BE(4) !== 1) return nothing;
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = message[at];
    // A pointer, or a name that goes on after the end.
    if (length === undefined || length > 63 || at + 1 + length > message.length) return nothing;
    at += 1 + length;
    if (length === 0) break;
    labels.push(
      message
        .subarray(at - length, at)
        .toString('latin1')
        .toLowerCase(),
    );
  }
  if (at + 4 > message.length) return nothing;
  return {
    ...common,
    name: `${labels.join('.')}.`,
    type: message.readUInt16BE(at),
    class: message.readUInt16BE(at + 2),
    bytes: message.subarray(HEADER_BYTES, at + 4),
  };
}

/** An answer that is too long for UDP comes without records, and says so. */
export function writeReply(question: Question, reply: DnsReply): Buffer {
  const answers = reply.answers.map(writeRecord);
  const authority = reply.authority.map(writeRecord);
  const records = Buffer.concat([...answers, ...authority]);
  const fits = HEADER_BYTES + question.bytes.length + records.length <= LONGEST_BYTES;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(question.id, 0);
  // A response, with authority; recursion is offered, as by the resolver of a VPC.
  const flags = 0x8480 | (question.recursionDesired ? 0x0100 : 0) | (question.opcode << 11) | CODES[reply.code];
  header.writeUInt16BE(fits ? flags : flags | TRUNCATED, 2);
  header.writeUInt16BE(question.bytes.length === 0 ? 0 : 1, 4);
  header.writeUInt16BE(fits ? answers.length : 0, 6);
  header.writeUInt16BE(fits ? authority.length : 0, 8);
  return Buffer.concat([header, question.bytes, fits ? records : Buffer.alloc(0)]);
}

function writeRecord({ name, type, ttl, value }: DnsRecord): Buffer {
  const data = writeData(type, value);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(TYPE_NUMBERS[type] ?? 0, 0);
  fixed.writeUInt16BE(IN, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([writeName(name), fixed, data]);
}

function writeData(type: string, value: string): Buffer {
  switch (type) {
    case 'A':
      return Buffer.from(value.split('.').map(Number));
    case 'TXT': {
      const text = Buffer.from(value.slice(1, -1), 'latin1');
      return Buffer.concat([Buffer.from([text.length]), text]);
    }
    case 'SOA': {
      const [server = '', person = '', ...numbers] = value.split(' ');
      const times = Buffer.alloc(20);
      for (const [at, number] of numbers.entries()) times.writeUInt32BE(Number(number), at * 4);
      return Buffer.concat([writeName(server), writeName(person), times]);
    }
    default:
      return writeName(value);
  }
}

/** `\ooo` stands for one byte. */
function writeName(name: string): Buffer {
  const labels = name.replace(/\.$/, '').split('.');
  const parts = labels.map((label) => {
    const text = label.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
    const bytes = Buffer.from(text, 'latin1');
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}
