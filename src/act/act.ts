// SPDX-License-Identifier: Apache-2.0
/**
 * Does one step. Each function checks again what it relies on, does one idempotent thing, and rejects if it could not.
 */
import type { Changes, Step, StepKind } from '../model/step.ts';
import type { ActContext } from './context.ts';
import { actCreateGenesis, actPrepareGenesis } from './genesis.ts';
import {
  actAttachSlot,
  actClaimId,
  actMarkReady,
  actNoteDead,
  actReleaseId,
  actRestoreStream,
  actVoidClaim,
  actWriteId,
} from './identity.ts';
import { actAddSelf, actPrepareJoin, actRemoveMembers, actRemoveSelf, actSetDataAside } from './join.ts';
import {
  actCompleteHooksOfTheGone,
  actCompleteLaunch,
  actCompleteLeaving,
  actGiveUpLaunch,
  actSignalSuccess,
  actUnmarkAbandoned,
} from './lifecycle.ts';
import { actMendFiles } from './mend.ts';
import { actClaimPlace, actRemoveNames, actWriteName } from './name.ts';
import { actAcceptRecord, actAnswerProposal, actProposeRecord, actWriteRecord } from './propose.ts';
import { actFoundForced, actKeepSource, actLiftFence, actRaiseFence } from './recover.ts';
import { actWithdrawReport, actWriteReport } from './reports.ts';
import {
  actMarkLeft,
  actNoteFailedStart,
  actStartServer,
  actStopRemoved,
  actStopServer,
  actUnmarkLeft,
  actVouchConfig,
} from './service.ts';

interface Row<S extends Step> {
  readonly act: (step: S, context: ActContext) => Promise<void>;
  readonly changes: Changes;
}

/** A row for each kind of step: a kind without one does not compile. */
export const ACTS: { readonly [K in StepKind]: Row<Extract<Step, { kind: K }>> } = {
  'claim-id': { act: actClaimId, changes: 'node and shared' },
  'attach-slot': { act: actAttachSlot, changes: 'the world' },
  'release-id': { act: actReleaseId, changes: 'the world' },
  'void-claim': { act: actVoidClaim, changes: 'the world' },
  'restore-stream': { act: actRestoreStream, changes: 'the world' },
  'write-id': { act: actWriteId, changes: 'node' },
  'note-dead': { act: actNoteDead, changes: 'the world' },
  'create-genesis': { act: actCreateGenesis, changes: 'the world' },
  'prepare-genesis': { act: actPrepareGenesis, changes: 'node' },
  'set-data-aside': { act: actSetDataAside, changes: 'node' },
  'prepare-join': { act: actPrepareJoin, changes: 'node' },
  'mend-files': { act: actMendFiles, changes: 'the world' },
  'note-failed-start': { act: actNoteFailedStart, changes: 'node' },
  'start-server': { act: actStartServer, changes: 'the world' },
  'stop-server': { act: actStopServer, changes: 'node' },
  'remove-members': { act: actRemoveMembers, changes: 'the world' },
  'add-self': { act: actAddSelf, changes: 'the world' },
  'mark-ready': { act: actMarkReady, changes: 'the world' },
  'claim-place': { act: actClaimPlace, changes: 'the world' },
  'write-name': { act: actWriteName, changes: 'the world' },
  'remove-names': { act: actRemoveNames, changes: 'the world' },
  'vouch-config': { act: actVouchConfig, changes: 'node' },
  'unmark-abandoned': { act: actUnmarkAbandoned, changes: 'node' },
  'write-report': { act: actWriteReport, changes: 'node and reports' },
  'withdraw-report': { act: actWithdrawReport, changes: 'the world' },
  'raise-fence': { act: actRaiseFence, changes: 'node' },
  'lift-fence': { act: actLiftFence, changes: 'node' },
  'propose-record': { act: actProposeRecord, changes: 'node and reports' },
  'answer-proposal': { act: actAnswerProposal, changes: 'node and reports' },
  'accept-record': { act: actAcceptRecord, changes: 'node and records' },
  'write-record': { act: actWriteRecord, changes: 'node and records' },
  'keep-source': { act: actKeepSource, changes: 'node' },
  'found-forced': { act: actFoundForced, changes: 'node' },
  'mark-left': { act: actMarkLeft, changes: 'the world' },
  'unmark-left': { act: actUnmarkLeft, changes: 'node' },
  'remove-self': { act: actRemoveSelf, changes: 'the world' },
  'stop-removed': { act: actStopRemoved, changes: 'the world' },
  'complete-launch': { act: actCompleteLaunch, changes: 'the world' },
  'signal-success': { act: actSignalSuccess, changes: 'the world' },
  'give-up-launch': { act: actGiveUpLaunch, changes: 'the world' },
  'complete-leaving': { act: actCompleteLeaving, changes: 'the world' },
  'complete-hooks-of-the-gone': { act: actCompleteHooksOfTheGone, changes: 'the world' },
};

export async function act(step: Step, context: ActContext): Promise<void> {
  // The table's type ties each function to its kind, which a lookup by a union can't express.
  const row = ACTS[step.kind] as Row<Step>;
  await row.act(step, context);
}
