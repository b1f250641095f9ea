// SPDX-License-Identifier: Apache-2.0
/** The section of a version in the changelog. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesOf } from '../../build/changes.ts';

const CHANGELOG = `# Changelog

## [Unreleased]

- Later.

## [1.1.0] - 2026-02-01

### Added

- More.

## [1.0.0] - 2026-01-01

### Fixed

## [0.9.0] - 2025-12-01

- First.

[0.9.0]: https://example.org/0.9.0
`;

test('the section of a version is cut out whole, and without its neighbours', () => {
  assert.equal(changesOf(CHANGELOG, '1.1.0'), '## [1.1.0] - 2026-02-01\n\n### Added\n\n- More.\n');
  assert.equal(changesOf(CHANGELOG, '0.9.0'), '## [0.9.0] - 2025-12-01\n\n- First.\n');
});

test('a section that is missing or says nothing is no release', () => {
  assert.throws(() => changesOf(CHANGELOG, '1.1'), /no section/);
  assert.throws(() => changesOf(CHANGELOG, '2.0.0'), /no section/);
  assert.throws(() => changesOf(CHANGELOG, '1.0.0'), /is empty/);
});
