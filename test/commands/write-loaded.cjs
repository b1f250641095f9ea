// SPDX-License-Identifier: Apache-2.0
// Loaded before the agent: writes down what the process had loaded when it ended.
const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  // Only what the program itself asked for by the name of a file; built-in modules come by their own list.
  writeFileSync(process.env.LOADED_FILE, JSON.stringify([...process.moduleLoadList, ...Object.keys(require.cache)]));
});
