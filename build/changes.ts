// SPDX-License-Identifier: Apache-2.0
/**
 * The section of one version in CHANGELOG.md, which has the form of Keep a Changelog. Throws when the version has none.
 */
export function changesOf(changelog: string, version: string): string {
  const lines = changelog.split('\n');
  const begin = lines.findIndex((line) => line.startsWith(`## [${version}]`));
  if (begin < 0) throw new Error(`CHANGELOG.md has no section "## [${version}] - date". Write it before the tag.`);
  const length = lines.slice(begin + 1).findIndex((line) => /^## |^\[[^\]]+\]: /.test(line));
  const section = lines.slice(begin, length < 0 ? undefined : begin + 1 + length);
  if (section.slice(1).every((line) => line.trim() === '' || line.startsWith('#'))) {
    throw new Error(`The section [${version}] of CHANGELOG.md is empty. Write what has changed before the tag.`);
  }
  return `${section.join('\n').trim()}\n`;
}
