// SPDX-License-Identifier: Apache-2.0
/**
 * The paths of the metadata service. Names and values follow three sources: the EC2 User Guide ("Instance metadata
 * categories"), the Auto Scaling User Guide ("Retrieve the target lifecycle state through instance metadata"), and what
 * cloud-init's datasource Ec2 reads. A path that ends with a slash lists the names below it, one per line. Directories
 * end with a slash, and public keys look like `0=name`.
 */
import { type InstanceFacts, identityDocument } from './instance-facts.ts';

/** Undefined means that there is nothing at this path (yet). */
type Value = string | undefined | Promise<string | undefined>;
type Content = Readonly<Record<string, () => Value>>;

/** The content of a metadata path, without the version at its start; undefined when there is no such path (yet). */
export async function contentAt(
  path: string,
  facts: InstanceFacts,
  targetLifecycleState: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const content = contentOf(facts, targetLifecycleState);
  const found = content[path] ?? content[decoded(path)];
  if (found !== undefined) return found();
  return list(content, path === '' || path.endsWith('/') ? path : `${path}/`);
}

/** The key of a tag may contain characters that a URL can't. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function contentOf(facts: InstanceFacts, targetLifecycleState: () => Promise<string | undefined>): Content {
  const { address, region, userData, tags, publicKeys = [] } = facts;
  const hostName = `ip-${address.replaceAll('.', '-')}.${region}.compute.internal`;
  return {
    'dynamic/instance-identity/document': () => identityDocument(facts),
    'meta-data/ami-id': () => facts.imageId,
    'meta-data/autoscaling/target-lifecycle-state': targetLifecycleState,
    'meta-data/hostname': () => hostName,
    'meta-data/instance-id': () => facts.instance,
    'meta-data/instance-life-cycle': () => 'on-demand',
    'meta-data/instance-type': () => facts.instanceType,
    'meta-data/local-hostname': () => hostName,
    'meta-data/local-ipv4': () => address,
    'meta-data/placement/availability-zone': () => facts.zone,
    'meta-data/placement/region': () => region,
    'meta-data/public-ipv4': () => facts.publicAddress?.(),
    'meta-data/services/domain': () => 'amazonaws.com',
    'meta-data/services/partition': () => 'aws',
    ...Object.fromEntries(
      publicKeys.map(({ openSsh }, index) => [`meta-data/public-keys/${index}/openssh-key`, () => openSsh]),
    ),
    ...(publicKeys.length === 0
      ? {}
      : { 'meta-data/public-keys/': () => publicKeys.map(({ name }, index) => `${index}=${name}`).join('\n') }),
    ...Object.fromEntries(
      Object.entries(tags ?? {}).map(([key, value]) => [`meta-data/tags/instance/${key}`, () => value]),
    ),
    ...(tags === undefined ? {} : { 'meta-data/tags/instance/': () => Object.keys(tags).join('\n') }),
    'user-data': () => (userData === '' ? undefined : userData),
  };
}

async function list(content: Content, directory: string): Promise<string | undefined> {
  const names = new Set<string>();
  for (const [path, value] of Object.entries(content)) {
    if (!path.startsWith(directory) || path === directory) continue;
    const [name = '', ...rest] = path.slice(directory.length).split('/');
    // The path of the state in the group does not exist before there is a state.
    if ((await value()) !== undefined) names.add(rest.length > 0 ? `${name}/` : name);
  }
  return names.size === 0 ? undefined : [...names].sort().join('\n');
}
