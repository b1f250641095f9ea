// SPDX-License-Identifier: Apache-2.0
import type { Member } from '../model/member.ts';
import { render } from '../templates/render.ts';
import type { TickSettings } from '../timings.ts';
import { formatMember } from './dynamic-config.ts';
import type { LogSizes } from './log-sizes.ts';

export interface ZooCfg {
  readonly dataDir: string;
  /** Absolute path of the version-less dynamic file. */
  readonly dynamicFile: string;
  readonly tick: TickSettings;
  readonly logs?: LogSizes;
  /** The server listens on every address of its machine, not on that of its member alone. */
  readonly onAllAddresses?: boolean;
}

/** The text of `zoo.cfg`. */
export function renderZooCfg(settings: ZooCfg): string {
  const { dataDir, dynamicFile, tick, logs, onAllAddresses = false } = settings;
  return render('zoo.cfg', { dataDir, dynamicFile, onAllAddresses, ...tick, ...logs });
}

/** The text of a version-less dynamic file. */
export function renderDynamicConfig(members: readonly Member[]): string {
  return render('dynamic config', { lines: members.map(formatMember) });
}
