// SPDX-License-Identifier: Apache-2.0
import type { TemplateOptions } from '../template-options.ts';
import { dynamicIdentity } from './dynamic.ts';
import type { Identity } from './identity.ts';

export function identityOf({ mode }: TemplateOptions): Identity {
  switch (mode) {
    case 'dynamic':
      return dynamicIdentity;
  }
}
