// SPDX-License-Identifier: Apache-2.0
/** Service Authorization Reference, "Actions, resources, and condition keys for Amazon Route 53". */
import { domainName } from '../../route53/domain-name.ts';
import { type Struct, structAt, structsAt, textAt } from '../../value.ts';
import { type Context, contextOf } from '../context.ts';
import { type ActionRule, type ActionTable, onNothing } from './element.ts';

/** The keys of ChangeResourceRecordSets; a request may have several values of each. */
const CHANGES = 'route53:ChangeResourceRecordSets';
export const CHANGE_KEYS = [`${CHANGES}NormalizedRecordNames`, `${CHANGES}RecordTypes`, `${CHANGES}Actions`];

/** Route 53's resources have neither region nor account. */
function zoneArn(id: string): string {
  return `arn:aws:route53:::hostedzone/${id.replace(/^\/?hostedzone\//, '')}`;
}

function onZone(action: string, member: string): ActionRule {
  const elements = (input: Struct) => [{ action: `route53:${action}`, resource: zoneArn(textAt(input, member) ?? '') }];
  return { action, keys: [], elements };
}

const changing: ActionRule = {
  action: 'ChangeResourceRecordSets',
  keys: CHANGE_KEYS,
  elements: (input) => [
    {
      action: 'route53:ChangeResourceRecordSets',
      resource: zoneArn(textAt(input, 'HostedZoneId') ?? ''),
      context: changeContext(structsAt(structAt(input, 'ChangeBatch'), 'Changes')),
    },
  ],
};

function changeContext(changes: readonly Struct[]): Context {
  const sets = changes.map((change) => structAt(change, 'ResourceRecordSet'));
  const [names = '', types = '', actions = ''] = CHANGE_KEYS;
  return contextOf({
    [names]: sets.map((set) => normalized(textAt(set, 'Name') ?? '')),
    [types]: sets.map((set) => textAt(set, 'Type') ?? ''),
    [actions]: changes.map((change) => textAt(change, 'Action') ?? ''),
  });
}

/** Without the dot at the end. A name that can't be one is refused later, by the service. */
function normalized(name: string): string {
  try {
    return domainName(name).slice(0, -1);
  } catch {
    return name;
  }
}

const ofChange: ActionRule = {
  action: 'GetChange',
  keys: [],
  elements: (input) => {
    const id = (textAt(input, 'Id') ?? '').replace(/^\/?change\//, '');
    return [{ action: 'route53:GetChange', resource: `arn:aws:route53:::change/${id}` }];
  },
};

export const ROUTE53_ACTIONS: ActionTable = {
  ...onNothing('route53', ['CreateHostedZone', 'ListHostedZones', 'ListHostedZonesByName', 'ListHostedZonesByVPC']),
  ChangeResourceRecordSets: changing,
  GetChange: ofChange,
  ListResourceRecordSets: onZone('ListResourceRecordSets', 'HostedZoneId'),
  GetHostedZone: onZone('GetHostedZone', 'Id'),
  DeleteHostedZone: onZone('DeleteHostedZone', 'Id'),
  UpdateHostedZoneComment: onZone('UpdateHostedZoneComment', 'Id'),
  AssociateVPCWithHostedZone: onZone('AssociateVPCWithHostedZone', 'HostedZoneId'),
  DisassociateVPCFromHostedZone: onZone('DisassociateVPCFromHostedZone', 'HostedZoneId'),
  ChangeTagsForResource: onZone('ChangeTagsForResource', 'ResourceId'),
  ListTagsForResource: onZone('ListTagsForResource', 'ResourceId'),
};
