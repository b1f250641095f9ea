/** One follower, each file of its config and of its agent edited in turn while it is off, the other two serving: it comes back. */
import { editedFilesComeBack } from './support/edited-files.ts';
import { CONFIG_AND_AGENT_FILES } from './support/file-edits.ts';

editedFilesComeBack(CONFIG_AND_AGENT_FILES, {});
