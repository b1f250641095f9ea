import type { Member } from '../model/member.ts';
import { DYNAMIC_CONFIG_TEMPLATE } from '../templates/dynamic-config.ts';
import { ZOO_CFG_TEMPLATE } from '../templates/zoo-cfg.ts';
import type { TickSettings } from '../timings.ts';
import { formatMember } from './dynamic-config.ts';

export interface ZooCfg {
  readonly dataDir: string;
  /** Absolute path of the version-less dynamic file. */
  readonly dynamicFile: string;
  readonly tick: TickSettings;
}

/** The text of `zoo.cfg`. */
export async function renderZooCfg(settings: ZooCfg): Promise<string> {
  return render(ZOO_CFG_TEMPLATE, { dataDir: settings.dataDir, dynamicFile: settings.dynamicFile, ...settings.tick });
}

/** The text of a version-less dynamic file. */
export async function renderDynamicConfig(members: readonly Member[]): Promise<string> {
  return render(DYNAMIC_CONFIG_TEMPLATE, { lines: members.map(formatMember) });
}

async function render(template: string, context: object): Promise<string> {
  // Loaded when a config is written, which is rare; a healthy tick never pays for it.
  const { default: Handlebars } = await import('handlebars');
  return Handlebars.compile(template, { noEscape: true, strict: false })(context);
}
