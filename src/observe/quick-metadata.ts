/**
 * The two facts that a healthy tick needs of the metadata service, over one bare connection: `node:http` would cost
 * more than all the rest of the tick. IMDSv2: a session token first, then `local-ipv4` and the target lifecycle state.
 * Whatever is out of the ordinary rejects, and the tick then goes the long way.
 */
import { connect } from 'node:net';

export interface QuickMetadata {
  readonly address: string;
  /** Undefined when there is none yet (404). */
  readonly targetState: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

export function quickMetadata(endpoint: string, timeoutMs: number): Promise<QuickMetadata> {
  const { hostname, port, host } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) });
    const deadline = setTimeout(() => socket.destroy(new Error('The metadata service is late.')), timeoutMs);
    const answers: Answer[] = [];
    let text = '';
    const ask = (method: string, path: string, header: string): void => {
      socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${header}\r\nContent-Length: 0\r\n\r\n`);
    };
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(deadline);
      reject(new Error('The metadata service closed the connection.'));
    });
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const parsed = parseAnswer(text);
      if (parsed === 'unreadable') return void socket.destroy(new Error('The metadata service gave no plain answer.'));
      if (!parsed) return;
      text = parsed.rest;
      answers.push(parsed.answer);
      const [token, address, state] = answers;
      if (!token) return;
      const header = `X-aws-ec2-metadata-token: ${token.body}`;
      if (token.status !== 200) return void socket.destroy(new Error(`The metadata service answered ${token.status}.`));
      if (!address) return ask('GET', '/latest/meta-data/local-ipv4', header);
      if (address.status !== 200)
        return void socket.destroy(new Error(`The metadata service answered ${address.status}.`));
      if (!state) return ask('GET', '/latest/meta-data/autoscaling/target-lifecycle-state', header);
      if (state.status !== 200 && state.status !== 404) {
        return void socket.destroy(new Error(`The metadata service answered ${state.status}.`));
      }
      resolve({ address: address.body.trim(), targetState: state.status === 404 ? undefined : state.body.trim() });
      socket.destroy();
    });
    ask('PUT', '/latest/api/token', 'X-aws-ec2-metadata-token-ttl-seconds: 60');
  });
}

/** One whole HTTP/1.1 answer with a Content-Length, which the metadata service always sends; undefined until it is whole. */
function parseAnswer(text: string): { answer: Answer; rest: string } | 'unreadable' | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? Number.NaN);
  if (!Number.isInteger(status) || !Number.isInteger(length)) return 'unreadable';
  const start = end + 4;
  if (text.length < start + length) return undefined;
  return { answer: { status, body: text.slice(start, start + length) }, rest: text.slice(start + length) };
}
