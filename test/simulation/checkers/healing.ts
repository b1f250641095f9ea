// SPDX-License-Identifier: Apache-2.0
/** The bound on healing: without faults every node votes, the dead are out, the history goes on. */
import { type Member, votersOf } from '../../../src/model/member.ts';
import { placeName } from '../../../src/model/names.ts';
import type { World } from '../world.ts';
import { contains } from '../zookeeper/entry.ts';

/** Why the cluster is not whole at this moment; undefined when it is. */
export function whyNotHealed(world: World): string | undefined {
  const { group } = world.cloud;
  if (!group.settled) return 'the group is not settled';
  const leader = world.ensemble.servers.find((server) => server.leads && server.phase === 'serving');
  if (!leader) return 'no leader serves';
  const voters = votersOf(leader.config);
  const newest = world.newestRecord;
  const nodes = world.nodes.filter((node) => group.members.includes(node.instance));
  for (const node of nodes) {
    const server = world.ensemble.on(node);
    if (server?.phase !== 'serving' || server.term !== leader.term) return `${node.name} does not serve`;
    const own = voters.some((member) => member.id === server.id && member.address === node.address);
    if (!own) return `${node.name} is no participant`;
    if (!contains(server.data.log, world.history.head)) return `${node.name} lacks committed entries`;
    const { disk } = node;
    if (disk.stamp?.lineage !== newest) {
      return `${node.name} votes with stamp ${disk.stamp?.lineage} under record ${newest}`;
    }
    if (disk.stamp.id !== server.id || disk.id !== server.id) return `${node.name} has another id on its disk`;
    if (disk.torn.has('id') || disk.torn.has('config')) return `${node.name} has torn files`;
    if (disk.fence) return `${node.name} votes behind a fence`;
    if (!disk.ready) return `${node.name} does not say that it is ready`;
    if (group.hasHooks && !node.disk.signalled) return `${node.name} has not told the stack that it votes`;
  }
  const members = leader.config.members.filter((member) => !world.byHand.isByHand(member));
  if (members.length !== nodes.length) return 'the config holds members that are gone';
  return whyNotNamed(world, members);
}

/**
 * Names 2: who claims a place may stand still after its last look at the config. Meanwhile the owner may be a member
 * once more, and see that its name stands. Then it has none until the config changes again (seed 140004471).
 */
function wasOvertaken(objects: World['cloud']['objects'], address: string): boolean {
  const claims = objects.list('places/').flatMap(({ key }) => {
    const [, place, generation] = /^places\/(\d+)\.(\d+)\.json$/.exec(key) ?? [];
    const owner = JSON.parse(objects.get(key)?.body ?? '{}') as { readonly address?: string };
    return [{ place, generation: Number(generation), address: owner.address }];
  });
  return claims.some(
    (own) =>
      own.address === address &&
      claims.some(
        (other) => other.place === own.place && other.generation > own.generation && other.address !== address,
      ),
  );
}

/** Each place up to the number of members has a name that leads to a member, and no two lead to the same one. */
function whyNotNamed(
  { zone, cloud, scheduler, namedByScenario }: World,
  members: readonly Member[],
): string | undefined {
  if (!zone) return undefined;
  const led: string[] = [];
  for (let place = 1; place <= zone.places; place++) {
    const address = cloud.names.addressOf(placeName(zone, place), scheduler.nowMs);
    if (address === undefined) continue;
    if (members.some((member) => member.address === address)) led.push(address);
    else if (members.length >= zone.places) return `zk${place} leads to ${address}, and no member is there`;
  }
  // Where there are fewer members than places, the name of an old owner stands, and its address may be used again.
  const overtaken = namedByScenario
    ? []
    : members.filter(({ address }) => !led.includes(address) && wasOvertaken(cloud.objects, address));
  const due = Math.min(zone.places, members.length - overtaken.length);
  return new Set(led).size < due ? `names lead to ${led.join(', ')}, and ${due} members are to have one` : undefined;
}
