// SPDX-License-Identifier: Apache-2.0
/** The combinations of options whose templates are kept as files, and linted. */
import type { Template } from '../../cf/cloudformation.ts';
import { template } from '../../cf/template.ts';
import { parseOptions } from './parse-options.ts';

const NEEDED = [
  ...['--stackname', 'orders', '--vpcid', 'vpc-0123456789abcdef0', '--ami', 'ami-0123456789abcdef0'],
  ...['--subnets', 'subnet-0aaaaaaaaaaaaaaa0', 'subnet-0bbbbbbbbbbbbbbb0', 'subnet-0ccccccccccccccc0'],
];

/** By the name of the snapshot's file: what is given beside the four options that every template needs. */
export const COMBINATIONS: Readonly<Record<string, readonly string[]>> = {
  plain: [],
  'one-node': ['--numhosts', '1', '--maxhosts', '1'],
  'ssh-from-a-network': ['--keyname', 'admin', '--sshsource', '10.20.0.0/16'],
  'ssh-from-a-group': ['--keyname', 'admin', '--sshsource', 'sg-0123456789abcdef0'],
  'key-without-ssh-source': ['--keyname', 'admin'],
  'clients-of-all-kinds': ['--clientsource', '10.30.0.0/16', 'sg-0dddddddddddddddd', '192.0.2.7/32'],
  'given-role': ['--instancerole', 'zookeeper-nodes'],
  arm: ['--architecture', 'arm64', '--instancetype', 'm7g.large', '--rootdevice', '/dev/sda1'],
  'five-on-io2': ['--numhosts', '5', '--volumetype', 'io2', '--volumesize', '100', '--volumeiops', '4000'],
  operation: [
    ...['--environment', 'staging', '--tag', 'team=payments', '--tag', 'acme/cost center=4711', '--monitoring'],
    ...['--logretention', '365'],
  ],
  'short-times': [
    ...['--creationtimeout', 'PT60S', '--updatetimeout', 'PT1M30S', '--launchheartbeat', '30'],
    ...['--terminateheartbeat', '60', '--setting', 'TIMINGS=lab', '--setting', 'TICK_TIME_MS=200'],
  ],
  named: ['--zone', 'Z0123456789ABCDEFGHIJ:corp.internal'],
  'elastic-ips': ['--mode', 'elastic-ip'],
  'elastic-ips-with-one-more': ['--mode', 'elastic-ip', '--addresses', '4', '--clientsource', '192.0.2.0/24'],
  everything: [
    ...['--keyname', 'admin', '--sshsource', 'sg-0123456789abcdef0', '--clientsource', '10.30.0.0/16'],
    ...['--instancerole', 'zookeeper-nodes', '--numhosts', '7', '--maxhosts', '31', '--monitoring'],
    ...['--volumeiops', '6000', '--tag', 'team=payments', '--setting', 'SYNC_LIMIT=10'],
    ...['--setting', `AWS_ENDPOINT_URL=http://127.0.0.1:4566/\${literal}`],
  ],
};

export function optionsOf(...words: readonly string[]) {
  return parseOptions([...NEEDED, ...words]);
}

export function templateOf(name: string): Template {
  const words = COMBINATIONS[name];
  if (words === undefined) throw new Error(`There is no combination ${name}.`);
  return template(optionsOf(...words));
}
