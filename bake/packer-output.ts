// SPDX-License-Identifier: Apache-2.0
/**
 * What `packer build -machine-readable` writes: one line an event, `time,target,type,data…`, with commas and line ends
 * inside of the data escaped (Packer's documentation, "Machine-Readable Output").
 */

export type PackerEvent =
  /** What Packer does next. */
  | { readonly kind: 'step'; readonly text: string }
  /** What a program on the instance, or Ansible, wrote. */
  | { readonly kind: 'output'; readonly text: string }
  /** An error of Packer's, or what a program on the instance wrote to standard error. */
  | { readonly kind: 'error'; readonly text: string };

const PREFIX = /^(==>|-->)? *(amazon-ebs\.zookeeper: ?)?/;

/** Undefined for what nobody needs to see. */
export function readEvent(line: string): PackerEvent | undefined {
  const [, , type, channel, ...data] = line.split(',');
  if (type !== 'ui') return undefined;
  const raw = unescaped(data.join(','));
  const lines = raw.split('\n').map((one) => one.replace(PREFIX, ''));
  const text = lines.join('\n').trim();
  if (text === '') return undefined;
  if (channel === 'error') return { kind: 'error', text };
  if (channel === 'say') return { kind: 'step', text };
  return channel === 'message' ? { kind: 'output', text } : undefined;
}

/** False for what escapes the format, such as a crash of Packer itself. */
export function isMachineReadable(line: string): boolean {
  return /^\d+,[^,]*,[a-z-]+,/.test(line);
}

function unescaped(data: string): string {
  return data.replaceAll('%!(PACKER_COMMA)', ',').replaceAll('\\n', '\n').replaceAll('\\r', '\r');
}
