// SPDX-License-Identifier: Apache-2.0
/** The mutations that random histories do not find, each with the reason. A directed case finds each of them. */

/** What a history needs for it comes together in none of thousands. */
const ORDER = (what: string): string => `It needs one exact order of things: ${what}.`;
const OF_ADVICE = 'What a person is told is a sentence here, and whoever misses it is helped by another sentence.';

export const UNFOUND: Readonly<Record<string, string>> = {
  // Claims.
  'removed-unasked':
    'A claim that no list shows needs a list of S3 that is wrong, and those of the simulation never are.',
  'id-changed-by-mistake-stays': 'Nobody changes the id file of a node by hand, and claims the other id for it.',
  'streams-not-made-anew': 'While the object of a claim is there, its missing stream harms nobody.',
  // Genesis and joining.
  'floor-of-first-start-not-raised-again': ORDER(
    'data deleted between the preparation of a second genesis and its start',
  ),
  'joins-unannounced': ORDER('a first member that is late, joins, acknowledges writes and loses its disk'),
  'original-config': ORDER('a majority of the first members restarts while all later ones stand still'),
  'joins-without-a-version': ORDER(
    'one is removed while it is down, one leaves, and the last is silent as both come back',
  ),
  'no-limit-a-pass': ORDER('a member that shuts down still serves as another one is found dead in the same pass'),
  // Recovery.
  'founded-again-without-its-stamp': ORDER('an owner that founded from data set aside reboots under a torn stamp'),
  'ranked-by-accepted-epoch': ORDER('of two survivors the one that is behind has promised the later epoch'),
  'pending-config-kept': ORDER('the survivor holds a proposed config that is later than all it has committed'),
  'answer-unconditional': ORDER(
    'an answer arrives after its node has withdrawn and serves, and the proposer saw neither',
  ),
  // Leaving.
  'counts-who-shuts-down': ORDER('a member leaves in the seconds in which another one shuts down and still serves'),
  'counts-who-leaves-too': ORDER('all members leave at once, no replacement votes, and one hangs until its hook ends'),
  'no-heartbeats': 'Replacements of a random history vote long before a hook without heartbeats ends.',
  'forgets-that-it-gave-up': ORDER('a launch is given up by a call that arrives after its node could join'),
  // Advice.
  'nobody-without-an-id-asked-for': ORDER('nobody has data, and a machine is lost before it has claimed an id'),
  'advice-tells-of-no-loss': OF_ADVICE,
  'added-voter-never-asked-for': OF_ADVICE,
  'declare-gone-never-advised': OF_ADVICE,
  // Members that a person added.
  'first-config-without-version': ORDER('all data is gone, and a server that was added before still runs'),
  'nobody-for-a-leader-by-hand': ORDER('an added server leads for as long as a member is dead'),
  'declared-gone-unheard': ORDER('an added voter is lost, and the quorum cannot do without it'),
  'declared-gone-for-ever': ORDER('an added server is back and serves before the word that it is gone arrives'),
  'added-with-old-data': ORDER('a server is added after a recovery, with data of the majority that was lost'),
  'recovered-beside-servers-by-hand': ORDER('all members but one are terminated while an added server runs on'),
  'one-word-at-most': ORDER('two servers that a person added are lost, and both are declared gone'),
  'words-of-the-gone': ORDER('a word is given that names instances which are gone by the time that it counts'),
  // Names.
  'place-of-a-member-taken':
    'A place that a member loses so is claimed again, mostly before a history has to be whole.',
  'name-written-over': ORDER('two nodes write one name, each by what it read before the other'),
  'healing-waits-for-names': 'Route 53 answers again before the time is over in which a history has to heal.',
  'names-of-members-removed': ORDER('there are fewer places, and a member still has the name of one that is gone'),
  // Files and disks.
  'marker-of-a-copy-kept': ORDER('a disk is put back to the moment before its first start'),
  'founds-on-any-volume': ORDER('the disk of an owner is put back to the moment between its record and its founding'),
  'hidden-end-not-awaited': ORDER('the snapshot of the last copy is older than the end of a survivor that is behind'),
  'torn-fence-is-none': ORDER('the fence of the last survivor is torn while it decides'),
  'damaged-aside-not-awaited': ORDER(
    'the last copy is set aside as damaged, and its node loses all others before it syncs',
  ),
  'torn-stamp-is-none-without-data': ORDER(
    'two of three lose their data and the word whose it was, and the third is silent',
  ),
  'led-ensemble-outlives-its-server': ORDER('the data of an only node goes bad while its last look still stands'),
  'failed-starts-uncounted':
    'Most data that no server loads is mended once the faults are over, so nothing has to help before.',
  // Elastic IPs.
  'holder-by-highest-generation': ORDER('somebody crashes in the middle of a claim, and the voter before it ends then'),
  'own-slot-by-list-alone': ORDER('a node loses its disk while one list is without its slot'),
  'freed-is-gone': ORDER('an address is taken from an instance whose server still runs, and claimed in that time'),
  'starts-without-its-address': ORDER('an address stays with another instance until its new holder wants to start'),
  'pool-of-one': 'It is about the size of the pool, and each pool of a random history has at least two addresses.',
  'keeps-its-slot-while-it-leaves': ORDER('the last first member is to leave before anything was committed'),
};
