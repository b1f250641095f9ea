// SPDX-License-Identifier: Apache-2.0
/**
 * Every setting of the agent, once: its key in the environment and in agent.env, its flag, its default, what its value
 * may be, and a sentence. The flags, `--help`, the errors about bad values, and docs/settings.md are made from it.
 *
 * The healthy tick loads this table, so its rows are plain data.
 */
import { PRODUCTION_TICK } from './timings.ts';

export interface Setting {
  /** `idFile` is `--id-file`. A setting without a flag can only be given in the environment or in agent.env. */
  readonly flag?: string;
  /** The setting must be given. If it belongs to one kind of service, only that kind needs it. */
  readonly required?: true;
  /** `{DATA_DIR}` stands for the value of that setting. */
  readonly default?: string | number;
  /** For a setting without a default: what happens when it is not given. It completes the words "default: …". */
  readonly without?: string;
  readonly unit?: 'ms' | 'ticks';
  readonly check: ValueCheck;
  /** What the setting is. It begins with a small letter and has no full stop. */
  readonly sentence: string;
}

export type ValueCheck =
  /** `allowed` completes the words "which is not …" and "Set KEY to …". */
  | { readonly pattern: RegExp; readonly allowed: string }
  /** Both bounds are allowed. `atLeast` names what raises the lower bound. */
  | { readonly least: number; readonly most: number; readonly atLeast?: string }
  /** JSON, which the reader of the settings checks itself. */
  | { readonly json: true; readonly allowed: string };

/** setTimeout and ZooKeeper's own settings are signed 32 bit. */
export const LARGEST = 2 ** 31 - 1;

const PATH: ValueCheck = { pattern: /^\/[^\n\r\0]*$/, allowed: 'an absolute path' };
const HOOK: ValueCheck = { pattern: /^[A-Za-z0-9_/-]{1,255}$/, allowed: 'the name of a lifecycle hook' };

export const SETTINGS = {
  REGION: {
    flag: 'region',
    without: 'the region of the instance, by its metadata service',
    check: { pattern: /^[a-z]{2}(-[a-z]+)+-\d{1,2}$/, allowed: 'a region such as eu-central-1' },
    sentence: 'AWS region',
  },
  CLUSTER: {
    flag: 'cluster',
    required: true,
    check: { pattern: /^[A-Za-z][A-Za-z0-9-]{0,136}$/, allowed: 'a letter, then letters, digits and -' },
    sentence: 'id of the cluster, such as orders-4f1c2a90',
  },
  BUCKET: {
    flag: 'bucket',
    required: true,
    check: { pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, allowed: 'the name of an S3 bucket' },
    sentence: 'bucket of the claims, records and reports',
  },
  LOG_GROUP: {
    flag: 'logGroup',
    default: '/zookeeper/{CLUSTER}',
    check: { pattern: /^[A-Za-z0-9._/#-]{1,512}$/, allowed: 'the name of a log group' },
    sentence: 'log group whose streams are the claims on ids',
  },
  MODE: {
    default: 'dynamic',
    check: { pattern: /^(dynamic|elastic-ip)$/, allowed: 'dynamic or elastic-ip' },
    sentence: 'how a node comes by its id and its address',
  },
  CONF_DIR: { flag: 'confDir', default: '/etc/zookeeper/conf', check: PATH, sentence: 'directory of zoo.cfg' },
  DATA_DIR: { flag: 'dataDir', default: '/var/lib/zookeeper', check: PATH, sentence: 'data directory of the server' },
  ID_FILE: { flag: 'idFile', default: '{DATA_DIR}/myid', check: PATH, sentence: 'file with the id of the server' },
  DYNAMIC_FILE: {
    flag: 'dynamicFile',
    default: '{CONF_DIR}/zoo.cfg.dynamic',
    check: PATH,
    sentence: 'dynamic config file without a version',
  },
  LOCK_FILE: {
    default: '/run/zk-agent.lock',
    check: PATH,
    sentence: 'file that names the run that holds the lock of this node',
  },
  STACK: {
    without: 'no stack is signalled',
    check: {
      pattern: /^arn:aws[a-z-]*:cloudformation:[a-z0-9-]+:\d{12}:stack\/[A-Za-z][A-Za-z0-9-]*\/[0-9a-f-]+$/,
      allowed: 'the ARN of a CloudFormation stack',
    },
    sentence: 'ARN of the stack that waits for a signal from this node',
  },
  SIGNAL_RESOURCE: {
    default: 'Group',
    check: { pattern: /^[A-Za-z0-9]{1,255}$/, allowed: 'a logical id of the stack' },
    sentence: 'logical id of the resource that the stack counts signals for',
  },
  LAUNCH_HOOK: { without: 'no such hook is answered', check: HOOK, sentence: 'lifecycle hook of a launching node' },
  TERMINATE_HOOK: { without: 'no such hook is answered', check: HOOK, sentence: 'lifecycle hook of a leaving node' },
  ZONE_ID: {
    without: 'clients get no names',
    check: { pattern: /^Z[A-Z0-9]{1,31}$/, allowed: 'the id of a private hosted zone of Route 53' },
    sentence: 'hosted zone in which the nodes keep their names for clients',
  },
  NAMES_DOMAIN: {
    without: 'clients get no names',
    check: {
      pattern: /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+$/,
      allowed: 'a domain in lower case with the dot at its end, such as orders-4f1c2a90.internal.',
    },
    sentence: 'domain of the names in ZONE_ID',
  },
  PLACES: {
    default: 3,
    check: { least: 1, most: 99 },
    sentence: 'places that have a name',
  },
  TICK_TIME_MS: {
    default: PRODUCTION_TICK.tickTimeMs,
    unit: 'ms',
    check: { least: 50, most: 60_000 },
    sentence: 'tickTime of the server',
  },
  INIT_LIMIT: {
    default: PRODUCTION_TICK.initLimit,
    unit: 'ticks',
    check: { least: 1, most: 10_000 },
    sentence: 'initLimit of the server',
  },
  SYNC_LIMIT: {
    default: PRODUCTION_TICK.syncLimit,
    unit: 'ticks',
    check: { least: 1, most: 10_000 },
    sentence: 'syncLimit of the server',
  },
  MAX_SESSION_TIMEOUT_MS: {
    without: 'as ZooKeeper has it, 20 ticks',
    unit: 'ms',
    check: { least: 100, most: LARGEST, atLeast: '2 × TICK_TIME_MS' },
    sentence: 'longest session timeout that a client may ask for',
  },
  TIMINGS: {
    default: 'production',
    check: { json: true, allowed: 'production, lab, or a JSON object of' },
    sentence: "the agent's own waits and limits",
  },
  SERVICE: {
    default: 'systemd',
    check: { pattern: /^(systemd|process)$/, allowed: 'systemd or process' },
    sentence: 'what starts and stops the server',
  },
  SERVICE_UNIT: {
    default: 'zookeeper.service',
    check: { pattern: /^[\w:.@\\-]+\.service$/, allowed: 'the name of a systemd service unit' },
    sentence: 'for SERVICE=systemd: unit of the server',
  },
  SERVICE_COMMAND: {
    required: true,
    check: { json: true, allowed: 'a JSON array of strings, the program first' },
    sentence: 'for SERVICE=process: command line of the server',
  },
  SERVICE_PID_FILE: {
    required: true,
    check: PATH,
    sentence: 'for SERVICE=process: file with the process of the server',
  },
  SERVICE_LOG_FILE: {
    required: true,
    check: PATH,
    sentence: 'for SERVICE=process: file with the output of the server',
  },
} as const satisfies Readonly<Record<string, Setting>>;

type Table = typeof SETTINGS;
export type SettingKey = keyof Table;

/** Undefined only for settings that may be absent. Reading a required setting that is missing is an error. */
export type Given<K extends SettingKey> = Table[K] extends { readonly required: true } | { readonly default: unknown }
  ? never
  : undefined;

type FlagKeys = {
  readonly [K in SettingKey as Table[K] extends { readonly flag: infer F extends string } ? F : never]: K;
};

/** The flags of the command line, each with its setting. A flag wins over its setting. */
export const FLAG_KEYS = Object.fromEntries(
  Object.entries<Setting>(SETTINGS).flatMap(([key, { flag }]) => (flag === undefined ? [] : [[flag, key]])),
) as unknown as FlagKeys;

export type Flags = { readonly [flag in keyof FlagKeys]?: string | undefined };

/** What a value may be, in words. `least` is the lower bound where another setting raises it. */
export function allowedFor(check: ValueCheck, least?: number): string {
  return 'least' in check ? `a whole number from ${least ?? check.least} to ${check.most}` : check.allowed;
}

/** Units and shells that share the file may need these keys. The agent ignores them. */
export const IGNORED_KEYS: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'LANG', 'TZ', 'JAVA_HOME', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS'],
  // Where an image with the CloudWatch agent sends the node's logs.
  'NODE_LOG_GROUP',
]);
