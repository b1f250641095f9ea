// SPDX-License-Identifier: Apache-2.0
/**
 * ZooKeeper's four-letter words: the agent sends one word over a plain TCP connection. The answer is text, up to the
 * server's close.
 */
import { connect } from 'node:net';
import type { ServerAnswer } from '../model/server.ts';

export interface WordOptions {
  readonly port: number;
  /** For the whole exchange: to connect, to ask, and to read to the end. */
  readonly timeoutMs: number;
  readonly localAddress?: string;
}

/** `silent`: no whole answer came, which proves nothing about the server. */
type WordAnswer =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'silent'; readonly why: string; readonly closed?: true };

/** `mntr` has some hundred lines, about 10 KiB. Whatever sends more is no ZooKeeper server. */
const MAX_ANSWER_BYTES = 64 * 1024;

const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests';

/** Rejects only with the signal's reason. Every other failure is an answer of kind `silent`. */
export function askWord(
  address: string,
  word: 'srvr' | 'mntr',
  options: WordOptions,
  signal: AbortSignal,
): Promise<WordAnswer> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const socket = connect({
      host: address,
      port: options.port,
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
    });
    const stop = () => {
      clearTimeout(deadline);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
    };
    const answer = (result: WordAnswer) => {
      stop();
      resolve(result);
    };
    const silent = (why: string) => answer({ kind: 'silent', why: `${address}:${options.port} ${why}` });
    const closed = (how: string) => answer({ kind: 'silent', why: `${address}:${options.port} ${how}`, closed: true });
    const onAbort = () => {
      stop();
      reject(signal.reason);
    };
    const deadline = setTimeout(
      () => silent(`gave no answer to ${word} in ${options.timeoutMs} ms`),
      options.timeoutMs,
    );
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) return silent(`answered ${word} with more than ${MAX_ANSWER_BYTES} bytes`);
      chunks.push(chunk);
    });
    socket.on('end', () => {
      if (bytes === 0) closed(`closed the connection instead of answering ${word}`);
      else answer({ kind: 'text', text: Buffer.concat(chunks).toString('utf8') });
    });
    // The listener stays after the answer, so that an error of the destroyed socket does not end the process.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const why = `could not be asked: ${error.code ?? error.message}`;
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') closed(why);
      else silent(why);
    });
    socket.on('close', () => silent(`closed the connection before its answer to ${word} was whole`));
    socket.write(word);
  });
}

export async function askSrvr(address: string, options: WordOptions, signal: AbortSignal): Promise<ServerAnswer> {
  const answer = await askWord(address, 'srvr', options, signal);
  if (answer.kind === 'silent') return answer;
  const parsed = parseSrvr(answer.text);
  return parsed.kind === 'silent' ? { kind: 'silent', why: `${address}:${options.port} ${parsed.why}` } : parsed;
}

/**
 * An answer that is not one of `srvr` counts as silence, with its text. For example, the word may not be on the
 * server's list.
 */
export function parseSrvr(text: string): ServerAnswer {
  if (text.startsWith(NOT_SERVING)) return { kind: 'not-serving' };
  const mode = /^Mode: ([\w-]+)$/m.exec(text)?.[1];
  const zxid = /^Zxid: 0x([0-9a-f]{1,16})$/m.exec(text)?.[1];
  if (mode === undefined || zxid === undefined) {
    return { kind: 'silent', why: `gave no answer to srvr but ${JSON.stringify(text.slice(0, 100))}` };
  }
  switch (mode) {
    case 'leader':
    case 'follower':
    case 'observer':
    case 'standalone':
      return { kind: 'serving', mode, zxid: zxidOfHex(zxid) };
    case 'read-only':
      // A read-only server has lost its quorum, even though it still answers reads.
      return { kind: 'not-serving' };
    default:
      return { kind: 'silent', why: `says that its mode is ${mode}, which is unknown` };
  }
}

/** A server without a database says −1 (all ones). It has seen nothing, which zero means as well. */
function zxidOfHex(hex: string): string {
  const padded = hex.padStart(16, '0');
  return padded >= '8' ? '0'.repeat(16) : padded;
}
