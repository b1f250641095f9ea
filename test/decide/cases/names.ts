// SPDX-License-Identifier: Apache-2.0
import { known, unknown } from '../../../src/model/cloud.ts';
import { type Naming, type PlaceClaim, wantedRecords } from '../../../src/model/names.ts';
import type { Observation } from '../../../src/model/observation.ts';
import { type Decision, done, take, wait } from '../../../src/model/step.ts';
import { toZxid } from '../../../src/model/zxid.ts';
import { addressOf, CONFIG_VERSION, configOf, diskOf, ensembleOf, instanceOf, livesOf } from '../parts.ts';
import { healthy } from '../situations.ts';
import { type Row, row } from './row.ts';

const ZONE = { domain: 'orders.internal.', places: 3 };
const NOTHING_LEFT = done('This node votes as member 1; nothing is left to do.');

function claimOn(place: number, id: number, generation = 1): PlaceClaim {
  return { place, generation, owner: { instance: instanceOf(id), address: addressOf(id) } };
}

function recordsOf(claims: readonly PlaceClaim[]): Naming['records'] {
  return claims.flatMap((claim) => wantedRecords(ZONE, claim, claim.owner === 'unreadable' ? '' : claim.owner.address));
}

/** Node 1 has place 1, and so on. */
const SETTLED = [claimOn(1, 1), claimOn(2, 2), claimOn(3, 3)];

function named(place: number, generation = 1): Partial<Observation> {
  return { disk: diskOf(1, { named: { place, generation } }) };
}

/** Node 1, which votes beside these claims and records. */
function seen(
  places: readonly PlaceClaim[],
  change: Partial<Observation> = {},
  records = recordsOf(places),
): Observation {
  return healthy({ zone: ZONE, naming: known({ records, places }), ...change });
}

function claims(place: number, generation: number, fromVersion = CONFIG_VERSION): Decision {
  return take(
    { kind: 'claim-place', place, generation, fromVersion },
    `This node votes and has no name, and place ${place} is the lowest free one.`,
  );
}

function writes(claim: PlaceClaim, there: Naming['records'], why: string): Decision {
  const { place, generation } = claim;
  const wanted = recordsOf([claim]);
  return take({ kind: 'write-name', place, generation, there, wanted }, why);
}

const NOT_THERE = 'The name of place 1, which this node has, is not there yet.';
const MAY_NOT_STAND = 'The name of place 1, which this node has, is not known to stand.';

const LATER = toZxid(0x100000009n);
const OF_TWO = { ensemble: ensembleOf([1, 3], { config: configOf([1, 3], LATER) }) };
const FOUR = { lives: livesOf([1, 2, 3, 4]), ensemble: ensembleOf([1, 2, 3, 4]) };
const LEADS_ITSELF = { ensemble: ensembleOf([1, 2, 3], { leader: { id: 1, address: addressOf(1) } }) };
const SILENT = { naming: unknown('Route 53 is silent') };

/** Names: what a voter does about its name, and about the names of places that there are no more. */
export const NAMES: readonly Row[] = [
  row('Names 1: all names stand', seen(SETTLED, named(1)), NOTHING_LEFT),
  row('Names 1: nobody has a place', seen([]), claims(1, 1)),
  row('Names 1: an owner has a lower place, too', seen([claimOn(1, 3), claimOn(2, 3)]), claims(2, 2)),
  row(
    'Names 1: an owner that can not be read',
    seen([{ place: 1, generation: 1, owner: 'unreadable' }], {}, []),
    claims(2, 1),
  ),
  row('Names 2: the others have the lower places', seen([claimOn(1, 2), claimOn(2, 3)]), claims(3, 1)),
  row('Names 2: the others have all places', seen([claimOn(1, 2), claimOn(2, 3), claimOn(3, 4)], FOUR), NOTHING_LEFT),
  row(
    'Names 2: an owner is gone for good',
    seen([claimOn(1, 3), claimOn(2, 2)], { lives: { ...livesOf([1, 3]), ...livesOf([2], 'gone') } }),
    claims(2, 2),
  ),
  row('Names 2: an owner is no member any more', seen([claimOn(1, 3), claimOn(2, 2)], OF_TWO), claims(2, 2, LATER)),
  row(
    'Names 2: an owner is a member by a pending config alone',
    seen([claimOn(1, 3), claimOn(2, 2)], { ...OF_TWO, disk: diskOf(1, { pending: configOf([1, 2, 3]) }) }),
    claims(3, 1, LATER),
  ),
  row(
    'Names 2: an owner shuts down, and is a member',
    seen([claimOn(1, 3), claimOn(2, 2)], { lives: { ...livesOf([1, 3]), ...livesOf([2], 'shutting-down') } }),
    claims(3, 1),
  ),
  row('Names 3: the records are not there', seen(SETTLED, named(1), []), writes(claimOn(1, 1), [], NOT_THERE)),
  row(
    'Names 3: another address stands in them',
    seen(SETTLED, named(1), recordsOf([claimOn(1, 9), ...SETTLED.slice(1)])),
    writes(claimOn(1, 1), recordsOf([claimOn(1, 9)]), MAY_NOT_STAND),
  ),
  row(
    'Names 4: the records are right, and nobody knows of an INSYNC',
    seen(SETTLED),
    writes(claimOn(1, 1), recordsOf([claimOn(1, 1)]), MAY_NOT_STAND),
  ),
  row(
    'Names 4: the note is of an earlier generation',
    seen([claimOn(1, 1, 2)], named(1)),
    writes(claimOn(1, 1, 2), recordsOf([claimOn(1, 1, 2)]), MAY_NOT_STAND),
  ),
  row(
    'Names 4: a first start whose name does not stand yet',
    seen(SETTLED, { disk: diskOf(1, { ready: false }) }, []),
    writes(claimOn(1, 1), [], NOT_THERE),
  ),
  row(
    'Names 4: a first start whose name stands',
    seen(SETTLED, { disk: diskOf(1, { ready: false, named: { place: 1, generation: 1 } }) }),
    take({ kind: 'mark-ready', id: 1 }, 'This node votes as member 1: its first start is over.'),
  ),
  row(
    'Names 5: a settled node ends its run, and vouches for nothing',
    seen([], { ...SILENT, disk: diskOf(1, { vouched: undefined }) }),
    done('This node votes, and whether its name stands is unknown: Route 53 is silent.'),
  ),
  row(
    'Names 5: a first start waits, and says for what',
    seen([], { ...SILENT, disk: diskOf(1, { ready: false }) }),
    wait('This node votes, and whether its name stands is unknown: Route 53 is silent.'),
  ),
  row(
    'Names 5: without a zone nothing is asked',
    healthy({ disk: diskOf(1, { vouched: undefined }) }),
    take(
      { kind: 'vouch-config', version: CONFIG_VERSION, members: 3 },
      'Every voter of this config is a node of this cluster.',
    ),
  ),
  row(
    'Names 6: a name that nobody has any more, seen by a follower',
    seen([...SETTLED, claimOn(4, 4)], named(1)),
    NOTHING_LEFT,
  ),
  row(
    'Names 6: a name that nobody has any more, seen by the leader',
    seen([...SETTLED, claimOn(4, 4)], { ...LEADS_ITSELF, ...named(1) }),
    take(
      { kind: 'remove-names', there: recordsOf([claimOn(4, 4)]) },
      'No member has the names of place 4 any more, and this cluster has 3 places.',
    ),
  ),
  row(
    'Names 6: a member has the name of a place that there is no more',
    seen([claimOn(1, 1), claimOn(2, 2), claimOn(4, 3)], { ...LEADS_ITSELF, ...named(1) }),
    NOTHING_LEFT,
  ),
  row(
    'Names 6: the claim on a place that there is no more is not seen',
    seen(SETTLED, { ...LEADS_ITSELF, ...named(1) }, recordsOf([...SETTLED, claimOn(4, 2)])),
    NOTHING_LEFT,
  ),
];
