// SPDX-License-Identifier: Apache-2.0
/** Networks in CIDR notation, IPv4. */

/** Undefined when the text is a network. Otherwise says what is wrong with it, as words that follow "10.0.0.1/8". */
export function cidrFault(text: string): string | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return 'is no network in CIDR notation, such as 10.0.0.0/16';
  const numbers = match.slice(1).map(Number);
  const [a = 0, b = 0, c = 0, d = 0, length = 0] = numbers;
  if (numbers.slice(0, 4).some((octet) => octet > 255)) return 'has a part above 255';
  if (length > 32) return 'has a prefix longer than 32 bits';
  if (length === 0) return 'is the whole internet; name the networks that may connect';
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const network = address - (address % 2 ** (32 - length));
  if (network === address) return undefined;
  const octets = [24, 16, 8, 0].map((bits) => Math.floor(network / 2 ** bits) % 256);
  return `is an address inside of the network ${octets.join('.')}/${length}; name the network`;
}
