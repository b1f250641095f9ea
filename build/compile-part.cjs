// SPDX-License-Identifier: Apache-2.0
/**
 * Run by the Node that the executable is made of: writes V8's code cache of one source. Every function is compiled, also
 * those that a start would compile later.
 *
 * The order of names in a cache follows their hashes, which have a random seed unless it is given (`--hash-seed=1`).
 * V8 takes a cache only with the flags that it was made with, so both flags are back at their defaults before it is
 * made.
 *
 * Usage: node --hash-seed=1 compile-part.cjs SOURCE CACHE
 */
const { readFileSync, writeFileSync } = require('node:fs');
const { basename } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

const [source, cache] = process.argv.slice(2);
setFlagsFromString('--no-lazy');
// A copy: V8 keeps a slice of 13 or more characters together with the text that it is cut from, here the whole path,
// and would write that into the cache, too.
const filename = Buffer.from(basename(source)).toString();
const script = new Script(readFileSync(source, 'latin1'), { filename });
setFlagsFromString('--lazy');
setFlagsFromString('--hash-seed=0');
writeFileSync(cache, script.createCachedData());
