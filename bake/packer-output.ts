// SPDX-License-Identifier: Apache-2.0
/**
 * The output of `packer build -machine-readable`: one event per line, `time,target,type,data…`. Commas and line ends in
 * the data are escaped (Packer's documentation, "Machine-Readable Output").
 */

export type PackerEvent =
  /** The next action of Packer. */
  | { readonly kind: 'step'; readonly text: string }
  /** Output of a program on the instance, or of Ansible. */
  | { readonly kind: 'output'; readonly text: string }
  /** An error of Packer, or standard error of a program on the instance. */
  | { readonly kind: 'error'; readonly text: string };

const PREFIX = /^(==>|-->)? *(amazon-ebs\.zookeeper: ?)?/;

/** Undefined for events that need not be shown. */
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

/** False for lines outside this format, such as a crash of Packer itself. */
export function isMachineReadable(line: string): boolean {
  return /^\d+,[^,]*,[a-z-]+,/.test(line);
}

function unescaped(data: string): string {
  return data.replaceAll('%!(PACKER_COMMA)', ',').replaceAll('\\n', '\n').replaceAll('\\r', '\r');
}
