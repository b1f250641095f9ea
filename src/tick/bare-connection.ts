// SPDX-License-Identifier: Apache-2.0
/**
 * A TCP connection made of the internal parts of Node's own `node:net`. To load that module with its streams, and to
 * run them for the first time, takes a third of a healthy tick. Every node runs that tick every minute.
 *
 * Node does not promise to keep these parts. They are fit for the tick only: the executable contains one version of
 * Node, and a test checks that a tick works with them. If they are missing or changed, this throws, and the tick goes
 * the long way.
 */

interface TcpHandle {
  onread: (buffer: ArrayBuffer | undefined) => void;
  connect(request: object, address: string, port: number): number;
  connect6(request: object, address: string, port: number): number;
  readStart(): number;
  writeLatin1String(request: object, text: string): number;
  close(): void;
}

interface TcpBinding {
  readonly TCP: new (kind: number) => TcpHandle;
  readonly TCPConnectWrap: new () => { oncomplete: (status: number) => void };
  readonly constants: { readonly SOCKET: number };
}

interface StreamBinding {
  readonly WriteWrap: new () => { oncomplete: (status: number) => void };
  /** The last read fills it, at the two indexes below: the number of bytes or an error, and where the bytes begin. */
  readonly streamBaseState: Readonly<Record<number, number>>;
  readonly kReadBytesOrError: number;
  readonly kArrayBufferOffset: number;
}

/** libuv's UV_EOF. */
const END_OF_FILE = -4095;

interface Conversation {
  opened(connection: BareConnection): void;
  /** A piece of the other side's answer, one character for each byte. */
  heard(text: string): void;
  /** The other side has closed the connection, or it failed. Nothing comes after this. */
  ended(failure: Error | undefined): void;
}

interface BareConnection {
  /** Sends Latin-1 text. */
  say(text: string): void;
  /** Nothing more is heard after this. May be called twice. */
  close(): void;
}

function binding(name: string): unknown {
  return (process as unknown as { binding(name: string): unknown }).binding(name);
}

/** Connects to an IPv4 or IPv6 address; names are not looked up. Throws when the attempt can't even begin. */
export function connectBare(address: string, port: number, conversation: Conversation): BareConnection {
  const { TCP, TCPConnectWrap, constants } = binding('tcp_wrap') as TcpBinding;
  const { WriteWrap, streamBaseState, kReadBytesOrError, kArrayBufferOffset } = binding('stream_wrap') as StreamBinding;
  const handle = new TCP(constants.SOCKET);
  let open = true;
  const connection: BareConnection = {
    say(text) {
      const request = new WriteWrap();
      request.oncomplete = (status) => end(status);
      const status = handle.writeLatin1String(request, text);
      if (status !== 0) end(status);
    },
    close() {
      if (open) handle.close();
      open = false;
    },
  };
  const end = (status: number): void => {
    if (!open || status === 0) return;
    connection.close();
    conversation.ended(status === END_OF_FILE ? undefined : new Error(`${address}:${port} failed with ${status}`));
  };
  handle.onread = (buffer) => {
    const bytes = streamBaseState[kReadBytesOrError] ?? Number.NaN;
    if (!open || bytes === 0) return;
    if (!(bytes > 0 && buffer)) return end(bytes);
    conversation.heard(Buffer.from(buffer, streamBaseState[kArrayBufferOffset] ?? 0, bytes).toString('latin1'));
  };
  const request = new TCPConnectWrap();
  request.oncomplete = (status) => {
    if (status !== 0) return end(status);
    handle.readStart();
    conversation.opened(connection);
  };
  const status = address.includes(':')
    ? handle.connect6(request, address, port)
    : handle.connect(request, address, port);
  if (status !== 0) {
    connection.close();
    throw new Error(`${address}:${port} can't be connected to: ${status}`);
  }
  return connection;
}
