// SPDX-License-Identifier: Apache-2.0
/**
 * Writes V8's code cache of one source. It must run on the Node that the executable is made of. It compiles every
 * function, also those that a start would compile later.
 *
 * The order of names in a cache follows their hashes. Their seed is random unless it is given (`--hash-seed=1`). V8
 * takes a cache only with the flags that it was made with. So both flags get their default values back before the cache
 * is made.
 *
 * Usage: node --hash-seed=1 compile-part.cjs SOURCE CACHE
 */
const { readFileSync, writeFileSync } = require('node:fs');
const { basename } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

const [source, cache] = process.argv.slice(2);
setFlagsFromString('--no-lazy');
// This must be a copy. V8 keeps a slice of 13 or more characters together with the text that it is cut from, here the
// whole path. The cache would then contain that path too.
const filename = Buffer.from(basename(source)).toString();
const script = new Script(readFileSync(source, 'latin1'), { filename });
setFlagsFromString('--lazy');
setFlagsFromString('--hash-seed=0');
writeFileSync(cache, script.createCachedData());
