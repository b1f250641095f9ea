// SPDX-License-Identifier: Apache-2.0
/**
 * The agent's settings. Flags win over the environment, and the environment wins over the settings file. The healthy
 * tick reads the settings, so nothing heavy is imported here.
 */
import { normalize } from 'node:path';
import { AgentError } from './errors.ts';
import { awsEntries, DEFAULT_FILE, type Environment, entriesOf, readSettingsFile } from './settings-file.ts';
import {
  allowedFor,
  FLAG_KEYS,
  type Flags,
  type Given,
  LARGEST,
  SETTINGS,
  type Setting,
  type SettingKey,
} from './settings-table.ts';
import { LAB_TIMINGS, PRODUCTION_TIMINGS, type TickSettings, type Timings } from './timings.ts';

type ServiceSettings =
  | { readonly kind: 'systemd'; readonly unit: string }
  | {
      readonly kind: 'process';
      readonly command: readonly string[];
      readonly pidFile: string;
      readonly logFile: string;
    };

/** What the node's stack waits for. */
export interface StackSettings {
  /** The stack's ARN; without it no stack is signalled. */
  readonly arn?: string;
  /** Logical id of the resource that the stack counts signals for. */
  readonly signalResource: string;
  /** Names of the group's lifecycle hooks; without one the agent completes none. */
  readonly launchHook?: string;
  readonly terminateHook?: string;
}

/** Where the nodes keep their names for clients. */
export interface NameSettings {
  readonly zoneId: string;
  readonly domain: string;
  readonly places: number;
}

export interface Settings {
  readonly cluster: string;
  readonly bucket: string;
  readonly logGroup: string;
  readonly mode: 'dynamic' | 'elastic-ip';
  /** Without it the region is the instance's own, by its metadata service. */
  readonly region?: string;
  readonly confDir: string;
  readonly dataDir: string;
  readonly idFile: string;
  readonly dynamicFile: string;
  readonly lockFile: string;
  readonly service: ServiceSettings;
  readonly stack?: StackSettings;
  /** Absent where clients get no names. */
  readonly names?: NameSettings;
  readonly tick: TickSettings;
  readonly timings: Timings;
  /** The AWS_* entries of the settings file; applyAwsEnvironment hands them to the SDK. */
  readonly aws: Readonly<Record<string, string>>;
}

/** What is needed to find a cluster from any machine. */
export type ClusterSettings = Pick<Settings, 'cluster' | 'region' | 'timings' | 'aws'>;

/** Reads the settings file (`ZK_AGENT_ENV_FILE` or the default, which may be missing) and loads the settings. */
export function readSettings(flags: Flags, environment: Environment = process.env): Settings {
  const { text, file } = readSettingsFile(environment);
  return loadSettings(flags, environment, text, file);
}

/**
 * The same for a machine that need not be a node. The settings of a node are read there, but none has to be there. The
 * region may also come from where other programs have it, `AWS_REGION`.
 */
export function readClusterSettings(flags: Flags, environment: Environment = process.env): ClusterSettings {
  const { text, file } = readSettingsFile(environment);
  const entries = entriesOf(text, file);
  const values = new Values(
    flags,
    { ...environment, REGION: environment.REGION || entries.get('REGION') || environment.AWS_REGION },
    entries,
  );
  const region = values.text('REGION');
  return {
    cluster: values.text('CLUSTER'),
    ...(region === undefined ? {} : { region }),
    timings: timingsFrom(values, tickFrom(values)),
    aws: awsEntries(entries),
  };
}

/** Rejects with BAD_SETTINGS, which names the setting, its value and what is allowed. */
export function loadSettings(flags: Flags, environment: Environment, text = '', file = DEFAULT_FILE): Settings {
  const entries = entriesOf(text, file);
  return settingsFrom(new Values(flags, environment, entries), entries);
}

function settingsFrom(values: Values, entries: ReadonlyMap<string, string>): Settings {
  const region = values.text('REGION');
  const tick = tickFrom(values);
  return {
    cluster: values.text('CLUSTER'),
    bucket: values.text('BUCKET'),
    logGroup: values.text('LOG_GROUP'),
    mode: values.text('MODE') === 'elastic-ip' ? 'elastic-ip' : 'dynamic',
    ...(region === undefined ? {} : { region }),
    confDir: values.text('CONF_DIR'),
    dataDir: values.text('DATA_DIR'),
    idFile: values.text('ID_FILE'),
    dynamicFile: values.text('DYNAMIC_FILE'),
    lockFile: values.text('LOCK_FILE'),
    service: serviceFrom(values),
    ...stackFrom(values),
    ...namesFrom(values),
    tick,
    timings: timingsFrom(values, tick),
    aws: awsEntries(entries),
  };
}

/** Puts the AWS_* entries of the settings file where the SDK looks for them. A value that is there already wins. */
export function applyAwsEnvironment(
  settings: Pick<Settings, 'aws'>,
  environment: NodeJS.ProcessEnv = process.env,
): void {
  for (const [key, value] of Object.entries(settings.aws)) environment[key] ??= value;
}

class Values {
  readonly #flags: ReadonlyMap<string, string>;
  readonly #environment: Environment;
  readonly #entries: ReadonlyMap<string, string>;

  constructor(flags: Flags, environment: Environment, entries: ReadonlyMap<string, string>) {
    const byKey = new Map<string, string>();
    for (const flag of Object.keys(FLAG_KEYS) as (keyof Flags)[]) {
      const value = flags[flag];
      if (value !== undefined) byKey.set(FLAG_KEYS[flag], value);
    }
    this.#flags = byKey;
    this.#environment = environment;
    this.#entries = entries;
  }

  /**
   * An empty value in the environment or the file counts as not given, as in systemd and shells. An empty flag counts
   * as given.
   */
  get(key: SettingKey): string | undefined {
    return this.#flags.get(key) ?? (this.#environment[key] || this.#entries.get(key) || undefined);
  }

  /** The value or its default, checked. Throws BAD_SETTINGS, also when a required setting is missing. */
  text<K extends SettingKey>(key: K): string | Given<K> {
    const { check, required, default: standard }: Setting = SETTINGS[key];
    const value = this.get(key);
    if (value !== undefined) {
      if ('pattern' in check && !check.pattern.test(value)) throw bad(key, value, check.allowed);
      return value;
    }
    if (required) {
      const allowed = allowedFor(check);
      throw new AgentError('BAD_SETTINGS', `${key} is not set.`, `Set ${key}: ${allowed}.`);
    }
    return (typeof standard === 'string' ? this.#filled(standard) : undefined) as string | Given<K>;
  }

  /** `least` is the lower bound where another setting raises it. */
  number<K extends SettingKey>(key: K, least?: number): number | Given<K> {
    const { check, default: standard }: Setting = SETTINGS[key];
    const value = this.get(key);
    if (value === undefined || !('least' in check)) return standard as number | Given<K>;
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= (least ?? check.least) && number <= check.most)) throw bad(key, value, allowedFor(check, least));
    return number;
  }

  json(key: SettingKey, allowed: string): unknown {
    const value = this.get(key);
    try {
      return value === undefined ? undefined : JSON.parse(value);
    } catch {
      throw bad(key, value, allowed);
    }
  }

  /** Fills in a default that names other settings, such as `{DATA_DIR}/myid`. */
  #filled(standard: string): string {
    if (!standard.includes('{')) return standard;
    return normalize(standard.replace(/\{(\w+)\}/, (_, key: SettingKey) => this.text(key) ?? ''));
  }
}

function bad(key: string, value: unknown, allowed: string): AgentError {
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  return new AgentError('BAD_SETTINGS', `${key} is "${shown}", which is not ${allowed}.`, `Set ${key} to ${allowed}.`);
}

function serviceFrom(values: Values): ServiceSettings {
  const kind = values.text('SERVICE');
  if (kind === 'systemd') return { kind, unit: values.text('SERVICE_UNIT') };
  const { allowed } = SETTINGS.SERVICE_COMMAND.check;
  const command = values.json('SERVICE_COMMAND', allowed);
  const words = Array.isArray(command) && command.every((word) => typeof word === 'string') ? command : [];
  if (words.length === 0 || words[0] === '') throw bad('SERVICE_COMMAND', values.get('SERVICE_COMMAND') ?? '', allowed);
  return {
    kind: 'process',
    command: words,
    pidFile: values.text('SERVICE_PID_FILE'),
    logFile: values.text('SERVICE_LOG_FILE'),
  };
}

/** No setting may have a default that ties a node to a stack to which it does not belong. */
function stackFrom(values: Values): { readonly stack?: StackSettings } {
  const arn = values.text('STACK');
  const signalResource = values.text('SIGNAL_RESOURCE');
  const launchHook = values.text('LAUNCH_HOOK');
  const terminateHook = values.text('TERMINATE_HOOK');
  if (arn === undefined && launchHook === undefined && terminateHook === undefined) return {};
  return {
    stack: {
      ...(arn === undefined ? {} : { arn }),
      signalResource,
      ...(launchHook === undefined ? {} : { launchHook }),
      ...(terminateHook === undefined ? {} : { terminateHook }),
    },
  };
}

/** Half of it would mean a name that nobody writes. */
function namesFrom(values: Values): { readonly names?: NameSettings } {
  const zoneId = values.text('ZONE_ID');
  const domain = values.text('NAMES_DOMAIN');
  const places = values.number('PLACES');
  if (zoneId === undefined && domain === undefined) return {};
  // The records would have to lead to addresses that are not the members'.
  if (values.text('MODE') === 'elastic-ip') throw bad('ZONE_ID', zoneId ?? '', 'nothing with MODE=elastic-ip');
  if (zoneId === undefined) throw bad('ZONE_ID', '', SETTINGS.ZONE_ID.check.allowed);
  if (domain === undefined) throw bad('NAMES_DOMAIN', '', SETTINGS.NAMES_DOMAIN.check.allowed);
  return { names: { zoneId, domain, places } };
}

function tickFrom(values: Values): TickSettings {
  const tickTimeMs = values.number('TICK_TIME_MS');
  // A server refuses sessions shorter than two ticks, so a lower maximum would leave no allowed timeout at all.
  const maxSessionTimeoutMs = values.number('MAX_SESSION_TIMEOUT_MS', 2 * tickTimeMs);
  return {
    tickTimeMs,
    initLimit: values.number('INIT_LIMIT'),
    syncLimit: values.number('SYNC_LIMIT'),
    ...(maxSessionTimeoutMs === undefined ? {} : { maxSessionTimeoutMs }),
  };
}

/** What a tick does before and after its longest wait: looks, a fence, a report, a record. */
const TICK_ROOM_MS = 30_000;

function timingsFrom(values: Values, tick: TickSettings): Timings {
  // Recovery 5: with a shorter wait, a leader that is merely slow could be taken for a lost one.
  const leastQuietMs = 2 * tick.syncLimit * tick.tickTimeMs;
  const raised = (timings: Timings, given?: number) => {
    const recoveryQuietMs = Math.max(timings.recoveryQuietMs, leastQuietMs);
    return {
      ...timings,
      recoveryQuietMs,
      // One process has to see both looks of these waits. In a shorter tick the wait would begin anew each minute.
      // A limit that somebody has set by name is taken as it is.
      tickLimitMs:
        given ?? Math.max(timings.tickLimitMs, Math.max(recoveryQuietMs, timings.unclaimedMs) + TICK_ROOM_MS),
      // Server 3: a server may sync for initLimit. It gets half as long again to load its data and to begin.
      noLeaderRejoinMs: Math.max(timings.noLeaderRejoinMs, Math.ceil(1.5 * tick.initLimit * tick.tickTimeMs)),
    };
  };
  const name = values.text('TIMINGS');
  if (name === 'production') return raised(PRODUCTION_TIMINGS);
  if (name === 'lab') return raised(LAB_TIMINGS);

  const allowed = `${SETTINGS.TIMINGS.check.allowed} ${Object.keys(PRODUCTION_TIMINGS).join(', ')} in milliseconds`;
  const overrides = values.json('TIMINGS', allowed);
  if (typeof overrides !== 'object' || overrides === null || Array.isArray(overrides)) {
    throw bad('TIMINGS', name, allowed);
  }
  for (const [key, value] of Object.entries(overrides)) {
    if (!Object.hasOwn(PRODUCTION_TIMINGS, key)) throw bad('TIMINGS', name, allowed);
    const least = key === 'recoveryQuietMs' ? leastQuietMs : 1;
    if (!Number.isInteger(value) || value < least || value > LARGEST) {
      throw bad(`TIMINGS.${key}`, value, `a whole number of milliseconds from ${least} to ${LARGEST}`);
    }
  }
  const timings: Timings = { ...PRODUCTION_TIMINGS, ...overrides };
  return raised(timings, Object.hasOwn(overrides, 'tickLimitMs') ? timings.tickLimitMs : undefined);
}
