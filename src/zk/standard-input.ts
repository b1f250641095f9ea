// SPDX-License-Identifier: Apache-2.0
/** What stands for the word `-` behind a command: yargs takes a lone `-` for an empty text. No data has this form. */
export const STANDARD_INPUT = '\0-';
