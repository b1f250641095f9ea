// SPDX-License-Identifier: Apache-2.0
import type { Member } from '../model/member.ts';
import { render } from '../templates/render.ts';
import type { TickSettings } from '../timings.ts';
import { formatMember } from './dynamic-config.ts';

export interface ZooCfg {
  readonly dataDir: string;
  /** Absolute path of the version-less dynamic file. */
  readonly dynamicFile: string;
  readonly tick: TickSettings;
}

/** The text of `zoo.cfg`. */
export function renderZooCfg(settings: ZooCfg): string {
  return render('zoo.cfg', { dataDir: settings.dataDir, dynamicFile: settings.dynamicFile, ...settings.tick });
}

/** The text of a version-less dynamic file. */
export function renderDynamicConfig(members: readonly Member[]): string {
  return render('dynamic config', { lines: members.map(formatMember) });
}
