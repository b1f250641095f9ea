// SPDX-License-Identifier: Apache-2.0
/** What the policies of role and bucket allow and refuse, by the evaluator that the local AWS uses. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { givenRolePolicy } from '../../cf/given-role-policy.ts';
import { ADDRESS_STATEMENTS } from '../../cf/identity/elastic-ip.ts';
import { type PolicyDocument, policyJson } from '../../cf/policy.ts';
import { CREATED_ONCE, REWRITTEN } from '../../cf/records.ts';
import type { ObjectStore } from '../../src/ports.ts';
import { claimId, voidClaim } from '../../src/registry/claims.ts';
import { noteDead } from '../../src/registry/dead.ts';
import { announceStart, createOutcome, createRecord } from '../../src/registry/lineage.ts';
import { claimPlace } from '../../src/registry/places.ts';
import { withdrawReport, writeReport } from '../../src/registry/reports.ts';
import { type ContextValue, contextOf, evaluate, type Policy, readPolicy } from '../cloud/policies.ts';
import { genesisOf, reportOf } from '../decide/parts.ts';
import { templateOf } from './combinations.ts';
import { BUCKET_ARN, CLUSTER, ROLE_ARN, resolve } from './resolve.ts';

const REGION = 'eu-west-1:123456789012';
const SELF = `arn:aws:ec2:${REGION}:instance/i-0aaaaaaaaaaaaaaaa`;
const OTHER = `arn:aws:ec2:${REGION}:instance/i-0bbbbbbbbbbbbbbbb`;
const GROUP = `arn:aws:autoscaling:${REGION}:autoScalingGroup:11111111-2222:autoScalingGroupName/orders-Group-1A2B3C`;
const CLAIMS = `arn:aws:logs:${REGION}:log-group:/zookeeper/${CLUSTER}`;
const NODE_LOGS = `${CLAIMS}/nodes`;

/** The policy in the template's role, as it stands there. */
function roleDocument(combination = 'plain'): PolicyDocument {
  const policies = templateOf(combination).Resources.Role?.Properties.Policies as unknown as readonly {
    readonly PolicyDocument: PolicyDocument;
  }[];
  assert.equal(policies.length, 1);
  return policies[0]?.PolicyDocument ?? assert.fail('the role has no policy');
}

function bucketPolicy(combination: string): Policy {
  const document = templateOf(combination).Resources.BucketPolicy?.Properties.PolicyDocument ?? null;
  return readPolicy('bucket', 'resource', resolve(document));
}

const ROLE = readPolicy('role', 'identity', resolve(policyJson(roleDocument())));
const NAMED = readPolicy('role', 'identity', resolve(policyJson(roleDocument('named'))));
const BUCKET = bucketPolicy('plain');
const ANYTHING = readPolicy('anything', 'identity', {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});

interface Call {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, ContextValue>>;
  readonly identity?: Policy;
  readonly bucket?: Policy;
  readonly principal?: string;
}

function allowed({ action, resource, context = {}, identity = ROLE, bucket, principal = ROLE_ARN }: Call): boolean {
  const everyCall = { 'aws:PrincipalArn': principal, 'aws:SecureTransport': true, 'ec2:SourceInstanceARN': SELF };
  const who = { arn: principal, identityArn: principal, account: '123456789012' };
  const request = { principal: who, action, resource, context: contextOf({ ...everyCall, ...context }) };
  const policies = action.startsWith('s3:') ? (bucket ?? BUCKET) : undefined;
  return evaluate(request, [identity], policies).allowed;
}

const putting = (key: string, context: Call['context'] = {}): Call => ({
  action: 's3:PutObject',
  resource: `${BUCKET_ARN}/${key}`,
  context,
});
const ownGroup = { 'aws:ResourceTag/zookeeper_cluster': CLUSTER };

const ALLOWED: Readonly<Record<string, Call>> = {
  'tags itself': {
    action: 'ec2:CreateTags',
    resource: SELF,
    context: { 'ec2:InstanceID': 'i-0aaaaaaaaaaaaaaaa', 'aws:TagKeys': ['zookeeper_id', 'bootstrap_finished_time'] },
  },
  'completes a hook of its group': {
    action: 'autoscaling:CompleteLifecycleAction',
    resource: GROUP,
    context: ownGroup,
  },
  'prolongs a hook of its group': {
    action: 'autoscaling:RecordLifecycleActionHeartbeat',
    resource: GROUP,
    context: ownGroup,
  },
  'switches maintenance': {
    action: 'autoscaling:CreateOrUpdateTags',
    resource: GROUP,
    context: { ...ownGroup, 'aws:TagKeys': ['zookeeper_maintenance'] },
  },
  'signals its stack': {
    action: 'cloudformation:SignalResource',
    resource: 'arn:aws:cloudformation:eu-west-1:123456789012:stack/orders/4f1c2a90-1111-2222-3333-444444444444',
  },
  'claims an id': { action: 'logs:CreateLogStream', resource: `${CLAIMS}:log-stream:7.1` },
  'reads the claims': { action: 'logs:DescribeLogStreams', resource: `${CLAIMS}:log-stream:` },
  'makes a stream for its log': {
    action: 'logs:CreateLogStream',
    resource: `${NODE_LOGS}:log-stream:i-0aaaaaaaaaaaaaaaa`,
  },
  'sends its log': { action: 'logs:PutLogEvents', resource: `${NODE_LOGS}:log-stream:i-0aaaaaaaaaaaaaaaa/recovery` },
  'creates an owner once': putting(`${CLUSTER}/claims/7.1.json`, { 's3:if-none-match': '*' }),
  'creates a record once': putting(`${CLUSTER}/lineage/000001.json`, { 's3:if-none-match': '*' }),
  'notes the dead once': putting(`${CLUSTER}/dead/i-0bbbbbbbbbbbbbbbb`, { 's3:if-none-match': '*' }),
  'says once that an added server is gone': putting(`${CLUSTER}/lineage/000001/gone/201-at-10.0.0.9-n1.json`, {
    's3:if-none-match': '*',
  }),
  'writes its first report': putting(`${CLUSTER}/reports/i-0aaaaaaaaaaaaaaaa.json`, { 's3:if-none-match': '*' }),
  'rewrites its report': putting(`${CLUSTER}/reports/i-0aaaaaaaaaaaaaaaa.json`, { 's3:if-match': '"etag"' }),
  'reads a record': { action: 's3:GetObject', resource: `${BUCKET_ARN}/${CLUSTER}/lineage/000001.json` },
  'lists its records': { action: 's3:ListBucket', resource: BUCKET_ARN, context: { 's3:prefix': `${CLUSTER}/` } },
  'is told that an object is missing': { action: 's3:ListBucket', resource: BUCKET_ARN },
};

const REFUSED: Readonly<Record<string, Call>> = {
  'tags a neighbour': {
    action: 'ec2:CreateTags',
    resource: OTHER,
    context: { 'ec2:InstanceID': 'i-0bbbbbbbbbbbbbbbb', 'aws:TagKeys': ['zookeeper_id'] },
  },
  'changes which cluster it is of': {
    action: 'ec2:CreateTags',
    resource: SELF,
    context: { 'ec2:InstanceID': 'i-0aaaaaaaaaaaaaaaa', 'aws:TagKeys': ['zookeeper_cluster'] },
  },
  'terminates anybody': { action: 'ec2:TerminateInstances', resource: OTHER },
  'completes a hook of a group of another cluster': {
    action: 'autoscaling:CompleteLifecycleAction',
    resource: GROUP,
    context: { 'aws:ResourceTag/zookeeper_cluster': 'orders-00000000' },
  },
  'completes a hook of a group without a tag': { action: 'autoscaling:CompleteLifecycleAction', resource: GROUP },
  'completes a hook of a stack whose name begins alike': {
    action: 'autoscaling:CompleteLifecycleAction',
    resource: GROUP.replace('orders-Group', 'orders-eu-Group'),
    context: ownGroup,
  },
  'changes another tag of the group': {
    action: 'autoscaling:CreateOrUpdateTags',
    resource: GROUP,
    context: { ...ownGroup, 'aws:TagKeys': ['zookeeper_cluster'] },
  },
  'signals another stack': {
    action: 'cloudformation:SignalResource',
    resource: 'arn:aws:cloudformation:eu-west-1:123456789012:stack/orders/00000000-1111-2222-3333-444444444444',
  },
  'claims in another cluster': {
    action: 'logs:CreateLogStream',
    resource: `arn:aws:logs:${REGION}:log-group:/zookeeper/orders-00000000:log-stream:7.1`,
  },
  'writes into a claim': { action: 'logs:PutLogEvents', resource: `${CLAIMS}:log-stream:7.1` },
  'makes a stream of another name for its log': {
    action: 'logs:CreateLogStream',
    resource: `${NODE_LOGS}:log-stream:anything`,
  },
  'sends a log to another cluster': {
    action: 'logs:PutLogEvents',
    resource: `arn:aws:logs:${REGION}:log-group:/zookeeper/orders-00000000/nodes:log-stream:i-0aaaaaaaaaaaaaaaa`,
  },
  'deletes a claim': { action: 'logs:DeleteLogStream', resource: `${CLAIMS}:log-stream:7.1` },
  'writes over an owner': putting(`${CLUSTER}/claims/7.1.json`),
  'writes over a record on condition': putting(`${CLUSTER}/lineage/000001.json`, { 's3:if-match': '"etag"' }),
  'writes over a report without a condition': putting(`${CLUSTER}/reports/i-0aaaaaaaaaaaaaaaa.json`),
  'writes elsewhere in the bucket': putting('elsewhere', { 's3:if-none-match': '*' }),
  'writes for another cluster': putting('orders-00000000/claims/7.1.json', { 's3:if-none-match': '*' }),
  'lists for another cluster': {
    action: 's3:ListBucket',
    resource: BUCKET_ARN,
    context: { 's3:prefix': 'orders-00000000/' },
  },
  'reads without TLS': {
    action: 's3:GetObject',
    resource: `${BUCKET_ARN}/${CLUSTER}/lineage/000001.json`,
    context: { 'aws:SecureTransport': false },
  },
};

const ZONE_ARN = 'arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ';
const changing = (names: readonly string[], types = ['A'], actions = ['DELETE', 'CREATE'], zone = ZONE_ARN): Call => ({
  action: 'route53:ChangeResourceRecordSets',
  resource: zone,
  context: {
    'route53:ChangeResourceRecordSetsNormalizedRecordNames': [...names],
    'route53:ChangeResourceRecordSetsRecordTypes': types,
    'route53:ChangeResourceRecordSetsActions': actions,
  },
});
const OWN_NAMES = [`zk12.${CLUSTER}.corp.internal`, `${CLUSTER}.corp.internal`];

const ALLOWED_NAMES: Readonly<Record<string, Call>> = {
  'sees the names of its zone': { action: 'route53:ListResourceRecordSets', resource: ZONE_ARN },
  'changes its own names': changing(OWN_NAMES),
  'waits until its names stand': { action: 'route53:GetChange', resource: 'arn:aws:route53:::change/C0123' },
};

const REFUSED_NAMES: Readonly<Record<string, Call>> = {
  'sees the names of another zone': {
    action: 'route53:ListResourceRecordSets',
    resource: 'arn:aws:route53:::hostedzone/ZOTHER',
  },
  'changes the name of another cluster': changing(['zk1.orders-00000000.corp.internal']),
  'changes the name of another cluster beside its own': changing([...OWN_NAMES, 'orders-00000000.corp.internal']),
  'changes another name of the zone': changing(['corp.internal']),
  'changes a name that ends alike': changing([`x${CLUSTER}.corp.internal`]),
  'makes a record of another type': changing(OWN_NAMES, ['A', 'CNAME']),
  'writes over a record': changing(OWN_NAMES, ['A'], ['UPSERT']),
  'changes names in another zone': changing(OWN_NAMES, ['A'], ['CREATE'], 'arn:aws:route53:::hostedzone/ZOTHER'),
  'deletes its zone': { action: 'route53:DeleteHostedZone', resource: ZONE_ARN },
};

for (const [what, call] of Object.entries(ALLOWED_NAMES)) {
  test(`a node with names ${what}, and without them does not`, () => {
    assert.equal(allowed({ ...call, identity: NAMED }), true);
    assert.equal(allowed(call), false);
  });
}
for (const [what, call] of Object.entries(REFUSED_NAMES)) {
  test(`refused: a node with names ${what}`, () => assert.equal(allowed({ ...call, identity: NAMED }), false));
}

test('each statement about names is needed for one call', () => {
  const statements = roleDocument('named').Statement;
  const about = statements.filter(({ Sid }) => /Names$/.test(Sid));
  assert.equal(about.length, Object.keys(ALLOWED_NAMES).length);
  for (const left of about) {
    const without = { ...roleDocument('named'), Statement: statements.filter((each) => each !== left) };
    const identity = readPolicy('role', 'identity', resolve(policyJson(without)));
    const lost = Object.values(ALLOWED_NAMES).filter((call) => !allowed({ ...call, identity }));
    assert.deepEqual(
      lost.map(({ action }) => [action]),
      [left.Action],
    );
  }
});

test('a given role needs the same for names, for every stack of that name', () => {
  const zone = { id: 'Z0123456789ABCDEFGHIJ', name: 'corp.internal' };
  const identity = readPolicy('given', 'identity', givenRolePolicy('orders', { zone }));
  for (const [what, call] of Object.entries(ALLOWED_NAMES)) assert.equal(allowed({ ...call, identity }), true, what);
  const {
    'changes the name of another cluster': _,
    'changes the name of another cluster beside its own': __,
    ...rest
  } = REFUSED_NAMES;
  for (const [what, call] of Object.entries(rest)) assert.equal(allowed({ ...call, identity }), false, what);
  const other = changing(['zk1.billing-00000000.corp.internal']);
  assert.equal(allowed({ ...other, identity }), false);
});

const ADDRESS = `arn:aws:ec2:${REGION}:elastic-ip/eipalloc-0aaaaaaaaaaaaaaaa`;
const WITH_ADDRESSES = readPolicy('role', 'identity', resolve(policyJson(roleDocument('elastic-ips'))));
const taking = (resource: string, context: Call['context'] = {}): Call => ({
  action: 'ec2:AssociateAddress',
  resource,
  context,
});
const ownAddress = { 'aws:ResourceTag/zookeeper_cluster': CLUSTER };
/** What of Elastic IPs a node may do, in the mode that has such. */
const ADDRESSES: readonly (readonly [string, Call, boolean])[] = [
  ['sees the addresses', { action: 'ec2:DescribeAddresses', resource: '*' }, true],
  ['takes an address of its cluster', taking(ADDRESS, ownAddress), true],
  ['gives an address to itself', taking(SELF, { 'ec2:InstanceID': 'i-0aaaaaaaaaaaaaaaa' }), true],
  ['takes one of another cluster', taking(ADDRESS, { 'aws:ResourceTag/zookeeper_cluster': 'billing-00000000' }), false],
  ['takes one without a tag', taking(ADDRESS), false],
  ['gives an address to a neighbour', taking(OTHER, { 'ec2:InstanceID': 'i-0bbbbbbbbbbbbbbbb' }), false],
  [
    'takes an address from its holder',
    { action: 'ec2:DisassociateAddress', resource: ADDRESS, context: ownAddress },
    false,
  ],
  ['releases an address', { action: 'ec2:ReleaseAddress', resource: ADDRESS, context: ownAddress }, false],
];

for (const [what, call, may] of ADDRESSES) {
  test(`${may ? '' : 'refused: '}a node with an Elastic IP ${what}`, () => {
    assert.equal(allowed({ ...call, identity: WITH_ADDRESSES }), may);
    assert.equal(allowed(call), false, 'In the dynamic mode nobody has to do with addresses.');
    const given = readPolicy('given', 'identity', givenRolePolicy('orders', { further: ADDRESS_STATEMENTS }));
    assert.equal(allowed({ ...call, identity: given }), may);
  });
}

for (const [what, call] of Object.entries(ALLOWED)) test(`a node ${what}`, () => assert.equal(allowed(call), true));
for (const [what, call] of Object.entries(REFUSED)) {
  test(`refused: a node ${what}`, () => assert.equal(allowed(call), false));
}

/** What a node's role may have beside our policy changes nothing here: the bucket itself refuses. */
const DESTRUCTIVE = [
  ...['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:DeleteBucket', 's3:DeleteBucketPolicy', 's3:PutBucketPolicy'],
  ...['s3:PutBucketVersioning', 's3:PutLifecycleConfiguration', 's3:PutObjectAcl', 's3:AbortMultipartUpload'],
];

const GIVEN_ROLES = ['arn:aws:iam::123456789012:role/given-role', 'arn:aws:iam::123456789012:role/team/given-role'];

for (const [combination, principals] of Object.entries({ plain: [ROLE_ARN], 'given-role': GIVEN_ROLES })) {
  for (const principal of principals) {
    test(`the bucket lets ${principal} delete nothing, whatever its own policies say`, () => {
      const bucket = bucketPolicy(combination);
      for (const action of DESTRUCTIVE) {
        for (const resource of [BUCKET_ARN, `${BUCKET_ARN}/${CLUSTER}/reports/x`]) {
          const call = { action, resource, principal, bucket, identity: ANYTHING };
          assert.equal(allowed(call), false, action);
          assert.equal(allowed({ ...call, principal: 'arn:aws:iam::123456789012:user/admin' }), true, action);
        }
      }
    });
  }
}

test('even a person with all rights writes over nothing that is created once', () => {
  const person = { identity: ANYTHING, principal: 'arn:aws:iam::123456789012:user/admin' };
  assert.equal(allowed({ ...putting(`${CLUSTER}/claims/7.1.json`), ...person }), false);
  assert.equal(allowed({ ...putting(`${CLUSTER}/backups/today`), ...person }), true);
});

test('a given role needs the same, for every stack of that name', () => {
  const identity = readPolicy('given', 'identity', givenRolePolicy('orders'));
  for (const [what, call] of Object.entries(ALLOWED)) assert.equal(allowed({ ...call, identity }), true, what);
  const others = ['tags a neighbour', 'writes elsewhere in the bucket', 'deletes a claim', 'terminates anybody'];
  for (const what of others) assert.equal(allowed({ ...(REFUSED[what] as Call), identity }), false, what);
});

/** The name of an action where the call has another one. */
const ACTION_OF_CALL: Readonly<Record<string, string>> = { ListObjectsV2: 'ListBucket' };

/**
 * What the CloudWatch agent of an image that has it calls; our agent makes streams as well, but never writes to one.
 */
const CALLED_BY_CLOUDWATCH_AGENT = ['CreateLogStream', 'PutLogEvents'];

for (const combination of ['named', 'elastic-ips'] as const) {
  test(`${combination}: the role allows exactly what the agent and the CloudWatch agent call`, () => {
    const root = new URL('../../src/', import.meta.url).pathname;
    // Without slots, or names, their adapter calls nothing.
    const without = combination === 'named' ? /^aws\/elastic-ips\.ts$/ : /^aws\/names\.ts$/;
    const files = globSync('**/*.ts', { cwd: root }).filter((file) => !without.test(file));
    const source = files.map((file) => readFileSync(`${root}${file}`, 'utf8'));
    const called = new Set(
      source.flatMap((text) => [...text.matchAll(/new sdk\.(\w+)Command\(/g)].map((match) => match[1] ?? '')),
    );
    const granted = roleDocument(combination).Statement.flatMap(({ Action = [] }) =>
      Action.map((action) => action.split(':')[1]),
    );
    // The address and the instance each have a statement.
    const twice = called.has('AssociateAddress') ? ['AssociateAddress'] : [];
    const needed = [
      ...[...called].map((call) => ACTION_OF_CALL[call] ?? call),
      ...CALLED_BY_CLOUDWATCH_AGENT,
      ...twice,
    ];
    assert.deepEqual(granted.toSorted(), needed.toSorted());
  });
}

test('every key that the registry writes is one that the bucket’s policy knows, written as it demands', async () => {
  const once = new Set<string>();
  const rewritten = new Set<string>();
  const top = (key: string): string => key.split('/')[0] ?? '';
  const objects: ObjectStore = {
    get: async () => undefined,
    list: async () => [],
    createOnce: async (key) => {
      once.add(top(key));
      return 'created';
    },
    replace: async (key) => {
      rewritten.add(top(key));
      return 'written';
    },
  };
  const claimStreams = { create: async () => 'created' as const, list: async () => [] };
  const { signal } = new AbortController();
  const shelf = { objects, claimStreams };
  await claimId(shelf, 1, 1, { instance: 'i-1', address: '10.0.0.1' }, signal);
  await voidClaim(shelf, 1, 1, signal);
  await claimPlace(objects, { place: 1, generation: 1 }, { instance: 'i-1', address: '10.0.0.1' }, signal);
  await noteDead(objects, 'i-1', signal);
  await createRecord(objects, genesisOf([1]), signal);
  await announceStart(objects, { record: 1, id: 1, nonce: 'n' } as Parameters<typeof announceStart>[1], signal);
  await createOutcome(objects, { kind: 'void', proposal: 'p', number: 2 }, signal);
  const { report } = reportOf(1);
  const { instance } = report;
  const release = async () => {};
  await writeReport(objects, { report, serial: 's' }, release, signal);
  const withReport = { ...objects, get: async () => ({ key: 'k', body: '{"serial":"s"}', etag: 'e', ageMs: 0 }) };
  await withdrawReport(withReport, { instance, serial: 't' }, release, signal);
  assert.deepEqual([...once].sort(), [...CREATED_ONCE]);
  assert.deepEqual([...rewritten].sort(), [...REWRITTEN]);
});
