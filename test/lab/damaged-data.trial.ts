/** One follower, each file of its data edited in turn while it is off, the other two serving: it comes back. */
import { editedFilesComeBack } from './support/edited-files.ts';
import { DATA_FILES } from './support/file-edits.ts';

editedFilesComeBack(DATA_FILES, {});
