// SPDX-License-Identifier: Apache-2.0
/**
 * A metadata service with just what cloud-init asks for: `node metadata-stand-in.ts <facts as JSON>` listens on
 * 169.254.169.254:80 of the network namespace it is started in, and ends with its standard input.
 */
import { createServer } from 'node:http';

export interface StandInFacts {
  readonly instanceId: string;
  readonly address: string;
  readonly publicKey: string;
  readonly userData: string;
}

type Tree = { readonly [name: string]: string | Tree };

function treeOf(facts: StandInFacts): Tree {
  const hostName = `ip-${facts.address.replaceAll('.', '-')}.ec2.internal`;
  return {
    'meta-data': {
      'instance-id': facts.instanceId,
      'local-ipv4': facts.address,
      'local-hostname': hostName,
      hostname: hostName,
      placement: { 'availability-zone': 'us-east-1a' },
      'public-keys': { '0': { 'openssh-key': facts.publicKey } },
    },
    'user-data': facts.userData,
  };
}

/** A directory lists its names, with a slash after those that are directories, and keys as `0=name`. */
function answer(tree: Tree, path: readonly string[]): string | undefined {
  let found: string | Tree | undefined = tree;
  for (const name of path) found = typeof found === 'object' ? found[name] : undefined;
  if (typeof found !== 'object') return found;
  if (path.at(-1) === 'public-keys') return '0=test';
  return Object.entries(found)
    .map(([name, below]) => (typeof below === 'string' ? name : `${name}/`))
    .join('\n');
}

const facts = JSON.parse(process.argv[2] ?? '') as StandInFacts;
const tree = treeOf(facts);
const server = createServer((request, response) => {
  const [, , ...path] = (request.url ?? '').split('/');
  const body =
    request.method === 'PUT'
      ? 'a-token'
      : answer(
          tree,
          path.filter((name) => name !== ''),
        );
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(body);
});
server.listen(80, '169.254.169.254', () => process.stdout.write('listening\n'));
process.stdin.resume().on('end', () => process.exit());
