// SPDX-License-Identifier: Apache-2.0
import type { TemplateOptions } from '../template-options.ts';
import { dynamicIdentity } from './dynamic.ts';
import { elasticIpIdentity } from './elastic-ip.ts';
import type { Identity } from './identity.ts';

export function identityOf(options: TemplateOptions): Identity {
  switch (options.mode) {
    case 'dynamic':
      return dynamicIdentity();
    case 'elastic-ip':
      return elasticIpIdentity(options);
  }
}
