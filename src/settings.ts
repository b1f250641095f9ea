/**
 * The agent's settings: flags win over the environment, and that over the settings file. The healthy tick reads them,
 * so nothing heavy is imported here.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnvironmentFile } from './environment-file.ts';
import { AgentError } from './errors.ts';
import { LAB_TIMINGS, PRODUCTION_TICK, PRODUCTION_TIMINGS, type TickSettings, type Timings } from './timings.ts';

export type ServiceSettings =
  | { readonly kind: 'systemd'; readonly unit: string }
  | {
      readonly kind: 'process';
      readonly command: readonly string[];
      readonly pidFile: string;
      readonly logFile: string;
    };

/** What the node's stack waits for. */
export interface StackSettings {
  /** The stack's ARN; without it nobody is signalled. */
  readonly arn?: string;
  /** Logical id of the resource that the stack counts signals for. */
  readonly signalResource: string;
  /** Names of the group's lifecycle hooks; without one the agent completes none. */
  readonly launchHook?: string;
  readonly terminateHook?: string;
}

export interface Settings {
  readonly cluster: string;
  readonly bucket: string;
  readonly logGroup: string;
  /** Without it the region is the instance's own, by its metadata service. */
  readonly region?: string;
  readonly confDir: string;
  readonly dataDir: string;
  readonly idFile: string;
  readonly dynamicFile: string;
  readonly lockFile: string;
  readonly service: ServiceSettings;
  readonly stack?: StackSettings;
  readonly tick: TickSettings;
  readonly timings: Timings;
  /** The AWS_* entries of the settings file; applyAwsEnvironment hands them to the SDK. */
  readonly aws: Readonly<Record<string, string>>;
}

/** The flags of the command line, by the names of the settings that they win over. */
export const FLAG_KEYS = {
  region: 'REGION',
  idFile: 'ID_FILE',
  dynamicFile: 'DYNAMIC_FILE',
  confDir: 'CONF_DIR',
  dataDir: 'DATA_DIR',
  logGroup: 'LOG_GROUP',
  bucket: 'BUCKET',
  cluster: 'CLUSTER',
} as const;

export type Flags = { readonly [flag in keyof typeof FLAG_KEYS]?: string | undefined };
export type Environment = Readonly<Record<string, string | undefined>>;

const KEYS = new Set<string>([
  ...Object.values(FLAG_KEYS),
  ...['SERVICE', 'SERVICE_UNIT', 'SERVICE_COMMAND', 'SERVICE_PID_FILE', 'SERVICE_LOG_FILE', 'LOCK_FILE', 'TIMINGS'],
  ...['STACK', 'SIGNAL_RESOURCE', 'LAUNCH_HOOK', 'TERMINATE_HOOK'],
  ...['TICK_TIME_MS', 'INIT_LIMIT', 'SYNC_LIMIT', 'MAX_SESSION_TIMEOUT_MS'],
]);
/** Units and shells that share the file may want these; the agent leaves them alone. */
const IGNORED_KEYS = new Set([
  ...['PATH', 'HOME', 'LANG', 'TZ', 'JAVA_HOME', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS'],
  // Where an image with the CloudWatch agent sends the node's logs.
  'NODE_LOG_GROUP',
]);

const DEFAULT_FILE = '/etc/zookeeper-on-aws/agent.env';
/** setTimeout and ZooKeeper's own settings are signed 32 bit. */
const LARGEST = 2 ** 31 - 1;

/** Reads the settings file (`ZK_AGENT_ENV_FILE` or the default, which may be missing) and loads the settings. */
export function readSettings(flags: Flags, environment: Environment = process.env): Settings {
  const file = environment.ZK_AGENT_ENV_FILE || DEFAULT_FILE;
  let text: string | undefined;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!missing || environment.ZK_AGENT_ENV_FILE) {
      throw new AgentError(
        'BAD_SETTINGS',
        `The settings file ${file} cannot be read.`,
        'Write it, make it readable, or let ZK_AGENT_ENV_FILE name another one.',
        error,
      );
    }
  }
  return loadSettings(flags, environment, text, file);
}

/** Rejects with BAD_SETTINGS, which names the setting, its value and what is allowed. */
export function loadSettings(flags: Flags, environment: Environment, text = '', file = DEFAULT_FILE): Settings {
  const entries = parseEnvironmentFile(text, file);
  for (const key of entries.keys()) {
    if (!KEYS.has(key) && !IGNORED_KEYS.has(key) && !key.startsWith('AWS_')) {
      throw new AgentError(
        'BAD_SETTINGS',
        `${file} sets ${key}, which is no setting of the agent.`,
        `Correct its name to one of ${[...KEYS].join(', ')}, or leave it out.`,
      );
    }
  }
  return settingsFrom(new Values(flags, environment, entries), entries);
}

function settingsFrom(values: Values, entries: ReadonlyMap<string, string>): Settings {
  const cluster = values.required('CLUSTER', /^[A-Za-z][A-Za-z0-9-]{0,136}$/, 'a letter, then letters, digits and -');
  const confDir = values.path('CONF_DIR', '/etc/zookeeper/conf');
  const dataDir = values.path('DATA_DIR', '/var/lib/zookeeper');
  const region = values.optional('REGION', /^[a-z]{2}(-[a-z]+)+-\d{1,2}$/, 'a region such as eu-central-1');
  const tick = tickFrom(values);
  return {
    cluster,
    bucket: values.required('BUCKET', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of an S3 bucket'),
    logGroup:
      values.optional('LOG_GROUP', /^[A-Za-z0-9._/#-]{1,512}$/, 'the name of a log group') ?? `/zookeeper/${cluster}`,
    ...(region === undefined ? {} : { region }),
    confDir,
    dataDir,
    idFile: values.path('ID_FILE', join(dataDir, 'myid')),
    dynamicFile: values.path('DYNAMIC_FILE', join(confDir, 'zoo.cfg.dynamic')),
    lockFile: values.path('LOCK_FILE', '/run/zk-agent.lock'),
    service: serviceFrom(values),
    ...stackFrom(values),
    tick,
    timings: timingsFrom(values, tick),
    aws: Object.fromEntries([...entries].filter(([key]) => key.startsWith('AWS_'))),
  };
}

/** Puts the AWS_* entries of the settings file where the SDK looks for them; what is there already wins. */
export function applyAwsEnvironment(settings: Settings, environment: NodeJS.ProcessEnv = process.env): void {
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

  /** Empty counts as not given in the environment and the file, as systemd and shells have it; a flag is meant. */
  get(key: string): string | undefined {
    return this.#flags.get(key) ?? (this.#environment[key] || this.#entries.get(key) || undefined);
  }

  optional(key: string, pattern: RegExp, allowed: string): string | undefined {
    const value = this.get(key);
    if (value !== undefined && !pattern.test(value)) throw bad(key, value, allowed);
    return value;
  }

  required(key: string, pattern: RegExp, allowed: string): string {
    const value = this.optional(key, pattern, allowed);
    if (value === undefined) {
      throw new AgentError('BAD_SETTINGS', `${key} is not set.`, `Set ${key}: ${allowed}.`);
    }
    return value;
  }

  path(key: string, standard: string): string {
    return this.optional(key, /^\/[^\n\r\0]*$/, 'an absolute path') ?? standard;
  }

  wholeNumber(key: string, standard: number, least: number, most: number): number {
    return this.optionalNumber(key, least, most) ?? standard;
  }

  optionalNumber(key: string, least: number, most: number): number | undefined {
    const allowed = `a whole number from ${least} to ${most}`;
    const value = this.optional(key, /^\d{1,10}$/, allowed);
    if (value === undefined) return undefined;
    if (Number(value) < least || Number(value) > most) throw bad(key, value, allowed);
    return Number(value);
  }

  json(key: string, allowed: string): unknown {
    const value = this.get(key);
    try {
      return value === undefined ? undefined : JSON.parse(value);
    } catch {
      throw bad(key, value, allowed);
    }
  }
}

function bad(key: string, value: unknown, allowed: string): AgentError {
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  return new AgentError('BAD_SETTINGS', `${key} is "${shown}", which is not ${allowed}.`, `Set ${key} to ${allowed}.`);
}

function serviceFrom(values: Values): ServiceSettings {
  const kind = values.optional('SERVICE', /^(systemd|process)$/, 'systemd or process') ?? 'systemd';
  if (kind === 'systemd') {
    const unit = values.optional('SERVICE_UNIT', /^[\w:.@\\-]+\.service$/, 'the name of a systemd service unit');
    return { kind, unit: unit ?? 'zookeeper.service' };
  }
  const allowed = 'a JSON array of strings, the program first';
  const command = values.json('SERVICE_COMMAND', allowed);
  const words = Array.isArray(command) && command.every((word) => typeof word === 'string') ? command : [];
  if (words.length === 0 || words[0] === '') throw bad('SERVICE_COMMAND', values.get('SERVICE_COMMAND') ?? '', allowed);
  const path = /^\/[^\n\r\0]*$/;
  return {
    kind: 'process',
    command: words,
    pidFile: values.required('SERVICE_PID_FILE', path, 'an absolute path'),
    logFile: values.required('SERVICE_LOG_FILE', path, 'an absolute path'),
  };
}

/** No setting has a default that would tie a node to a stack it does not belong to. */
function stackFrom(values: Values): { readonly stack?: StackSettings } {
  const arn = values.optional(
    'STACK',
    /^arn:aws[a-z-]*:cloudformation:[a-z0-9-]+:\d{12}:stack\/[A-Za-z][A-Za-z0-9-]*\/[0-9a-f-]+$/,
    'the ARN of a CloudFormation stack',
  );
  const signalResource = values.optional('SIGNAL_RESOURCE', /^[A-Za-z0-9]{1,255}$/, 'a logical id of the stack');
  const hook = (key: string) => values.optional(key, /^[A-Za-z0-9_/-]{1,255}$/, 'the name of a lifecycle hook');
  const launchHook = hook('LAUNCH_HOOK');
  const terminateHook = hook('TERMINATE_HOOK');
  if (arn === undefined && launchHook === undefined && terminateHook === undefined) return {};
  return {
    stack: {
      ...(arn === undefined ? {} : { arn }),
      signalResource: signalResource ?? 'Group',
      ...(launchHook === undefined ? {} : { launchHook }),
      ...(terminateHook === undefined ? {} : { terminateHook }),
    },
  };
}

function tickFrom(values: Values): TickSettings {
  const tickTimeMs = values.wholeNumber('TICK_TIME_MS', PRODUCTION_TICK.tickTimeMs, 50, 60_000);
  // A server refuses sessions shorter than two ticks, so a lower maximum would leave no allowed timeout at all.
  const maxSessionTimeoutMs = values.optionalNumber('MAX_SESSION_TIMEOUT_MS', 2 * tickTimeMs, LARGEST);
  return {
    tickTimeMs,
    initLimit: values.wholeNumber('INIT_LIMIT', PRODUCTION_TICK.initLimit, 1, 10_000),
    syncLimit: values.wholeNumber('SYNC_LIMIT', PRODUCTION_TICK.syncLimit, 1, 10_000),
    ...(maxSessionTimeoutMs === undefined ? {} : { maxSessionTimeoutMs }),
  };
}

function timingsFrom(values: Values, tick: TickSettings): Timings {
  // Recovery 5: a shorter look could take a leader that is merely slow for a lost one.
  const leastEqualFactsMs = 2 * tick.syncLimit * tick.tickTimeMs;
  const raised = (timings: Timings) => ({
    ...timings,
    equalFactsMs: Math.max(timings.equalFactsMs, leastEqualFactsMs),
    // Server 3: a server that syncs has initLimit for it, and half as long again to load and to begin.
    joinRestartMs: Math.max(timings.joinRestartMs, Math.ceil(1.5 * tick.initLimit * tick.tickTimeMs)),
  });
  const name = values.get('TIMINGS') ?? 'production';
  if (name === 'production') return raised(PRODUCTION_TIMINGS);
  if (name === 'lab') return raised(LAB_TIMINGS);

  const allowed = `production, lab, or a JSON object of ${Object.keys(PRODUCTION_TIMINGS).join(', ')} in milliseconds`;
  const overrides = values.json('TIMINGS', allowed);
  if (typeof overrides !== 'object' || overrides === null || Array.isArray(overrides)) {
    throw bad('TIMINGS', name, allowed);
  }
  for (const [key, value] of Object.entries(overrides)) {
    if (!Object.hasOwn(PRODUCTION_TIMINGS, key)) throw bad('TIMINGS', name, allowed);
    const least = key === 'equalFactsMs' ? leastEqualFactsMs : 1;
    if (!Number.isInteger(value) || value < least || value > LARGEST) {
      throw bad(`TIMINGS.${key}`, value, `a whole number of milliseconds from ${least} to ${LARGEST}`);
    }
  }
  return raised({ ...PRODUCTION_TIMINGS, ...overrides });
}
