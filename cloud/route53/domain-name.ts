// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';

const LONGEST_LABEL = 63;
const LONGEST_NAME = 255;

/**
 * A name as Route 53 keeps it: lower case, with the dot at its end, other signs than letters, digits, `-`, `_` and `.`
 * as `\ooo`. Throws InvalidDomainName for what no name can be.
 */
export function domainName(text: string): string {
  const labels = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase().split('.').map(escaped);
  const name = `${labels.join('.')}.`;
  const fits = labels.every((label) => label.length > 0 && label.length <= LONGEST_LABEL);
  if (!fits || name.length > LONGEST_NAME) {
    throw new AwsFailure('InvalidDomainName', `This resource contains invalid characters: ${text}`);
  }
  return name;
}

/** `*` is `\052`. What is escaped already stays. */
function escaped(label: string): string {
  return label.replace(/\\[0-7]{3}|[^a-z0-9_-]/g, (sign) =>
    sign.length === 4 ? sign : `\\${sign.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}

/** Whether `name` is the zone's own name or below it. */
export function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** Route 53 lists names by their labels from the last one on. */
export function compareNames(left: string, right: string): number {
  return compareTexts(reversed(left), reversed(right));
}

export function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function reversed(name: string): string {
  return name.split('.').reverse().join('.');
}
