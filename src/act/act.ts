/** Does one step. Each function re-checks what it relies on, does one idempotent thing, and rejects if it could not. */
import type { Step, StepKind } from '../model/step.ts';
import type { ActContext } from './context.ts';
import { actCreateGenesis, actPrepareGenesis } from './genesis.ts';
import { actClaimId, actMarkReady, actNoteDead, actRestoreStream, actVoidClaim, actWriteId } from './identity.ts';
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

type Acts = { readonly [K in StepKind]: (step: Extract<Step, { kind: K }>, context: ActContext) => Promise<void> };

/** One function a kind of step: a kind without one does not compile. */
export const ACTS: Acts = {
  'claim-id': actClaimId,
  'void-claim': actVoidClaim,
  'restore-stream': actRestoreStream,
  'write-id': actWriteId,
  'note-dead': actNoteDead,
  'create-genesis': actCreateGenesis,
  'prepare-genesis': actPrepareGenesis,
  'set-data-aside': actSetDataAside,
  'prepare-join': actPrepareJoin,
  'mend-files': actMendFiles,
  'note-failed-start': actNoteFailedStart,
  'start-server': actStartServer,
  'stop-server': actStopServer,
  'remove-members': actRemoveMembers,
  'add-self': actAddSelf,
  'mark-ready': actMarkReady,
  'vouch-config': actVouchConfig,
  'unmark-abandoned': actUnmarkAbandoned,
  'write-report': actWriteReport,
  'withdraw-report': actWithdrawReport,
  'raise-fence': actRaiseFence,
  'lift-fence': actLiftFence,
  'propose-record': actProposeRecord,
  'answer-proposal': actAnswerProposal,
  'accept-record': actAcceptRecord,
  'write-record': actWriteRecord,
  'keep-source': actKeepSource,
  'found-forced': actFoundForced,
  'mark-left': actMarkLeft,
  'unmark-left': actUnmarkLeft,
  'remove-self': actRemoveSelf,
  'stop-removed': actStopRemoved,
  'complete-launch': actCompleteLaunch,
  'signal-success': actSignalSuccess,
  'give-up-launch': actGiveUpLaunch,
  'complete-leaving': actCompleteLeaving,
  'complete-hooks-of-the-gone': actCompleteHooksOfTheGone,
};

export async function act(step: Step, context: ActContext): Promise<void> {
  // The table's type ties each function to its kind, which a lookup by a union can't express.
  const perform = ACTS[step.kind] as (step: Step, context: ActContext) => Promise<void>;
  await perform(step, context);
}
