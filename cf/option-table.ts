// SPDX-License-Identifier: Apache-2.0
/** The options of the template, each written once: flag, default, sentence, and how its answer is read. */
import type { Options } from 'yargs';
import { DEFAULT_INSTANCE_TYPE } from './instance-type.ts';
import { RETENTION_DAYS, VOLUME_GIB } from './limits.ts';
import {
  type AnswersTo,
  answersIn,
  flag,
  list,
  number,
  numberOr,
  type OptionRows,
  oneOf,
  shownIn,
  text,
  textOr,
  words,
} from './option-rows.ts';

const NETWORK = 'Network:';
const NODES = 'Nodes:';
const SIZE = 'Size:';
const OPERATION = 'Operation:';

const INSTANCE_TYPES = Object.values(DEFAULT_INSTANCE_TYPE).join(' or ');

const ROWS = {
  stackname: text(NODES, 'name of the stack; the cluster’s id begins with it'),
  vpcid: text(NETWORK, 'the VPC'),
  subnets: list(NETWORK, 'three private subnets of it, in three zones'),
  zone: text(NETWORK, 'ID:NAME of a private hosted zone of the VPC, in which the nodes keep names for clients'),
  sshsource: text(NETWORK, 'security group or CIDR that may open SSH; needs --keyname'),
  clientsource: list(NETWORK, 'security groups or CIDRs that may connect, beside the stack’s own group for clients'),
  keyname: text(NODES, 'key pair for SSH; without it there is none'),
  ami: text(NODES, 'the image that build.sh made'),
  architecture: oneOf(['x86_64', 'arm64'], NODES, 'of the image'),
  instancetype: text(NODES, `instance type (default: ${INSTANCE_TYPES}, by the architecture)`),
  instancerole: text(NODES, 'name of an existing role; without it the stack makes one'),
  mode: textOr('dynamic', NODES, 'how a node comes by its id and address'),
  volumesize: numberOr(20, NODES, `root volume, ${VOLUME_GIB.join(' to ')} GiB`),
  volumetype: oneOf(['gp3', 'io2'], NODES, 'type of the root volume'),
  volumeiops: number(NODES, 'I/O operations a second; io2 needs it'),
  rootdevice: text(NODES, 'the image’s name of its root device (default: /dev/xvda)'),
  numhosts: numberOr(3, SIZE, 'nodes; an odd number'),
  maxhosts: number(SIZE, 'most nodes it may be scaled to (default: 2 × numhosts + 1)'),
  addresses: number(
    SIZE,
    'for --mode elastic-ip: Elastic IPs (default: numhosts); with one more, an update adds before it removes',
  ),
  environment: textOr('production', OPERATION, 'a tag of all resources'),
  tag: words(OPERATION, 'KEY=VALUE, a tag of all resources'),
  setting: words(OPERATION, 'KEY=VALUE, a line of agent.env'),
  monitoring: flag(OPERATION, 'detailed monitoring, each minute'),
  logretention: numberOr(30, OPERATION, `days to keep the nodes’ logs: ${RETENTION_DAYS.slice(0, 9).join(', ')} …`),
  creationtimeout: textOr('PT30M', OPERATION, 'for all nodes of a new stack to vote'),
  updatetimeout: textOr('PT30M', OPERATION, 'for each new node of an update to vote; up to PT1H'),
  launchheartbeat: numberOr(300, OPERATION, 'seconds of silence after which a launching node is given up'),
  terminateheartbeat: numberOr(300, OPERATION, 'seconds of silence after which a leaving node goes'),
} as const satisfies OptionRows;

/** The options as given, by their names. A number that can't be read is NaN. */
export type GivenOptions = AnswersTo<typeof ROWS>;

/** For `yargs(words).options(optionTable)`. */
export const optionTable: Readonly<Record<string, Options>> = shownIn(ROWS);

/** The answers with their types. An option that was left out has its default, or is undefined. */
export function answersOf(answered: Readonly<Record<string, unknown>>): GivenOptions {
  return answersIn(ROWS, answered);
}
