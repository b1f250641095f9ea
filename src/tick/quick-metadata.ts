// SPDX-License-Identifier: Apache-2.0
/**
 * The facts that a healthy tick needs from the metadata service, over one bare connection. `node:http` would cost more
 * than all the rest of the tick. IMDSv2: first a session token, then `local-ipv4` and the target lifecycle state, and
 * `public-ipv4` where the member stands at that address.
 *
 * Anything unusual rejects. The tick then goes the long way, which asks through src/aws/metadata-service.ts.
 */
import { connectBare } from './bare-connection.ts';

interface QuickMetadata {
  readonly address: string;
  /** Undefined when there is no target state yet (404). */
  readonly targetState: string | undefined;
  /** Present when it was asked for. */
  readonly publicAddress?: string;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Each of the answers is far shorter. */
const LONGEST_ANSWER = 16 * 1024;

const ADDRESS = '/latest/meta-data/local-ipv4';
const TARGET_STATE = '/latest/meta-data/autoscaling/target-lifecycle-state';
const PUBLIC_ADDRESS = '/latest/meta-data/public-ipv4';

export function quickMetadata(endpoint: string, asksPublic: boolean, timeoutMs: number): Promise<QuickMetadata> {
  const paths = [ADDRESS, TARGET_STATE, ...(asksPublic ? [PUBLIC_ADDRESS] : [])];
  const { hostname, port, host } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const answers: Answer[] = [];
    let text = '';
    const finish = (failure: Error | undefined): void => {
      clearTimeout(deadline);
      connection.close();
      const [, address, state, publicAddress] = answers;
      if (failure) reject(failure);
      else if (!address || !state || answers.length <= paths.length) {
        reject(new Error('The metadata service closed the connection.'));
      } else {
        resolve({
          address: address.body.trim(),
          targetState: targetStateOf(state),
          ...(publicAddress ? { publicAddress: publicAddress.body.trim() } : {}),
        });
      }
    };
    const ask = (question: string): void => connection.say(question.replace('\r\n', `\r\nHost: ${host}\r\n`));
    const connection = connectBare(hostname.replace(/^\[|\]$/g, ''), Number(port || 80), {
      opened: () => ask(TOKEN_QUESTION),
      heard(piece) {
        text += piece;
        const parsed = parseAnswer(text);
        if (!parsed) return;
        if (parsed === 'unreadable') return finish(new Error('The metadata service gave no plain answer.'));
        text = parsed.rest;
        answers.push(parsed.answer);
        const path = nextPath(answers, paths);
        if (path instanceof Error) return finish(path);
        if (path === undefined) return finish(undefined);
        ask(`GET ${path} HTTP/1.1\r\nX-aws-ec2-metadata-token: ${answers[0]?.body}\r\nContent-Length: 0\r\n\r\n`);
      },
      ended: finish,
    });
    const deadline = setTimeout(() => finish(new Error('The metadata service is late.')), timeoutMs);
  });
}

const TOKEN_QUESTION =
  'PUT /latest/api/token HTTP/1.1\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\nContent-Length: 0\r\n\r\n';

/** What to ask after these answers. Undefined when they are complete. */
function nextPath(answers: readonly Answer[], paths: readonly string[]): string | undefined | Error {
  const last = answers.at(-1)?.status;
  // The third answer may be 404: there is no target state yet.
  const fine = last === 200 || (answers.length === 3 && last === 404);
  return fine ? paths[answers.length - 1] : new Error(`The metadata service answered ${last}.`);
}

function targetStateOf({ status, body }: Answer): string | undefined {
  return status === 404 ? undefined : body.trim();
}

/** One whole HTTP/1.1 answer; the metadata service always sends a Content-Length. Undefined while it is incomplete. */
function parseAnswer(text: string): { answer: Answer; rest: string } | 'unreadable' | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return text.length > LONGEST_ANSWER ? 'unreadable' : undefined;
  const head = text.slice(0, end);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? Number.NaN);
  if (!Number.isInteger(status) || !Number.isInteger(length)) return 'unreadable';
  if (length > LONGEST_ANSWER) return 'unreadable';
  const start = end + 4;
  if (text.length < start + length) return undefined;
  return { answer: { status, body: text.slice(start, start + length) }, rest: text.slice(start + length) };
}
