// SPDX-License-Identifier: Apache-2.0
/**
 * What holds for every command of the product: help by `--help` and `-h`, the nearest name for a mistyped one, and
 * numbers in digits. The commands and options are read from the helps themselves, so a new one is tested here too.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { readOrder as readBakeOrder } from '../../bake/options.ts';
import { readOrder as readDeployOrder } from '../../deploy/options.ts';
import { labCommandLine } from '../../lab/command-line.ts';
import { parseArguments, parseZkArguments } from '../../src/commands/arguments.ts';
import { outcomeOf } from '../../tools/program.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** As the scripts have it. */
const COMPILED = resolve(ROOT, '.cache/compiled');
/** They hand their words over to the tool of that name, or to test.sh. */
const OTHER_TOOLS = ['lint', 'format', 'types', 'test'];

interface Heard {
  /** What the program printed for people. */
  readonly out: string;
  /** The sentence about words that are not understood. */
  readonly refusal: string | undefined;
}

interface Program {
  readonly name: string;
  readonly hear: (words: readonly string[]) => Promise<Heard>;
}

/** What is not refused as it should be finds no lab. */
const NO_LAB = 'no-such-lab';

class Misused extends Error {}

/** A program that is called in this process; `parse` gets where to print. */
function called(name: string, parse: (words: readonly string[], print: (text: string) => void) => unknown): Program {
  return {
    name,
    hear: async (words) => {
      let out = '';
      const print = (text: unknown): void => {
        out += `${String(text)}\n`;
      };
      const log = console.log;
      console.log = print;
      try {
        await parse(words, print);
        return { out, refusal: undefined };
      } catch (error) {
        return { out, refusal: error instanceof Error ? error.message : String(error) };
      } finally {
        console.log = log;
      }
    },
  };
}

const refuse = (why: string): Error => new Misused(why);
const ran = (): Promise<never> => Promise.reject(new Error('The command ran.'));
const agent = {
  order: ran,
  status: ran,
  maintenance: ran,
  declareGone: ran,
  connectionString: ran,
  purge: ran,
  misused: refuse,
};
const zk = { agentCommands: [], run: ran, childrenOf: ran, misused: refuse };

const CALLED: readonly Program[] = [
  called('./lab.sh', (words) => labCommandLine(['--name', NO_LAB, ...words]).parseAsync()),
  called('zk-agent', (words) => parseArguments(words, agent)),
  called('zk-agent zk', (words) => parseZkArguments(words, zk)),
  called('./deploy.sh', (words, print) => readDeployOrder(words, { print })),
  called('./build.sh', (words, print) => readBakeOrder(words, print)),
];

/** The programs of package.json, each with its file. */
function scripts(): readonly Program[] {
  const { scripts: all } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const own = Object.entries(all).filter(([name]) => !OTHER_TOOLS.includes(name));
  return own.map(([name, command]) => {
    const file = /^tools\/with-packages\.sh node (\S+)$/.exec(command)?.[1];
    assert.ok(file, `${name} runs ${command}`);
    return { name: `npm run ${name} --`, hear: (words) => heardFrom(file, words) };
  });
}

async function heardFrom(file: string, words: readonly string[]): Promise<Heard> {
  const { code, stdout, stderr } = await outcomeOf(process.execPath, [file, ...words], {
    directory: ROOT,
    environment: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
  });
  assert.ok(code === 0 || code === 2, `${file} ${words.join(' ')} ended with ${code}: ${stderr}`);
  // What is wrong must not be lost above a long help.
  if (code === 2) assert.ok(!stderr.includes('Options:') && stdout === '', stderr);
  return { out: stdout, refusal: code === 2 ? stderr : undefined };
}

/** The commands of a help, and what each of them must be given. */
function commandsIn({ name }: Program, help: string): readonly string[] {
  const lines = help.split('\n').filter((line) => line.startsWith(`  ${name} `));
  const names = lines.map((line) => line.slice(name.length + 3).split(' ')[0] ?? '');
  return names.filter((command) => /^[a-z]/.test(command));
}

function optionsIn(help: string, kind = '\\[\\w+\\]'): readonly string[] {
  const rows = help.replace(/\n {8,}/g, ' ').split('\n');
  return rows.flatMap((row) => (row.match(`^ +(?:-\\w, )?--([a-z-]+) .*${kind}`) ?? []).slice(1));
}

/** The words that a command line must have, so that only what is tested is wrong. */
function neededIn(help: string): readonly string[] {
  const usage = help.split('\n\n')[0] ?? '';
  const rows = help.replace(/\n {8,}/g, ' ').split('\n');
  return (usage.match(/<[a-z]+>/g) ?? []).map((name) => {
    const row = rows.find((each) => each.startsWith(`  ${name.slice(1, -1)} `)) ?? '';
    return /\[choices: "([^"]+)"/.exec(row)?.[1] ?? '1';
  });
}

function mistyped(name: string): string {
  return `${name.slice(0, -1)}${name.endsWith('q') ? 'w' : 'q'}`;
}

async function checkNumbers(
  { name, hear }: Program,
  before: readonly string[],
  help: string,
  wrong: readonly (readonly string[])[] = [['abc'], ['0x5'], []],
): Promise<void> {
  for (const option of optionsIn(help, '\\[number\\]')) {
    for (const words of wrong) {
      const { refusal } = await hear([...before, ...neededIn(help), `--${option}`, ...words]);
      assert.match(refusal ?? '', new RegExp(`--${option}\\b`), `${name} ${before.join(' ')} --${option} ${words}`);
    }
  }
}

async function checkOptions({ name, hear }: Program, before: readonly string[], help: string): Promise<void> {
  const option = optionsIn(help).toSorted((a, b) => b.length - a.length)[0] ?? '';
  const { refusal } = await hear([...before, ...neededIn(help), `--${mistyped(option)}`]);
  assert.ok(
    refusal?.includes(`Unknown option: --${mistyped(option)}. Did you mean --${option}?`),
    `${name}: ${refusal}`,
  );
}

async function checkHelp({ hear }: Program, before: readonly string[]): Promise<string> {
  const { out, refusal } = await hear([...before, '-h']);
  assert.equal(refusal, undefined);
  assert.match(out, /Options:/);
  assert.match(out, /-h, --help/);
  return out;
}

for (const program of CALLED) {
  describe(program.name, () => {
    test('the help, a mistyped option, numbers', async () => {
      const help = await checkHelp(program, []);
      assert.deepEqual(await program.hear(['--help']), await program.hear(['-h']));
      // Otherwise each of the commands has these options too.
      if (commandsIn(program, help).length > 0) return;
      await checkNumbers(program, [], help);
      await checkOptions(program, [], help);
    });

    test('each command: its help, a mistyped name, a mistyped option, numbers', async () => {
      const { out } = await program.hear(['-h']);
      for (const command of commandsIn(program, out)) {
        const help = await checkHelp(program, [command]);
        // Its words are read by a program of its own.
        if (command === 'zk') continue;
        assert.match(help, /Examples:/, command);
        const { refusal } = await program.hear([mistyped(command)]);
        assert.match(refusal ?? '', /^Unknown command: \S+\. Did you mean [a-z-]+\?$/m, command);
        // Options that it does not know are for the agent.
        if (`${program.name} ${command}` !== './lab.sh agent') await checkOptions(program, [command], help);
        await checkNumbers(program, [command], help);
      }
    });
  });
}

describe('npm run', { concurrency: 2 }, () => {
  for (const program of scripts()) {
    test(program.name, { timeout: 120_000 }, async () => {
      const help = await checkHelp(program, []);
      assert.match(help, /Examples:/);
      // Each call is a process: the other forms of a number are tried above, with the same parser.
      await checkNumbers(program, [], help, [['0x5']]);
      await checkOptions(program, [], help);
    });
  }
});

test('an option that is given twice is told, not read as a list', async () => {
  const [lab] = CALLED;
  assert.equal((await lab?.hear(['status', '--name', 'other']))?.refusal, '--name is given more than once.');
});

test('an empty word of the lab, as of a variable that is not set, is refused', async () => {
  const [lab] = CALLED;
  for (const words of [
    ['terminate', ''],
    ['logs', ''],
    ['fault', 'slow', '--caller', ''],
    ['fault', 'slow', '--caller'],
  ]) {
    assert.match((await lab?.hear(words))?.refusal ?? '', /^(target|--caller) is empty\. Is a variable not set\?$/);
  }
});

test('the language of the system changes no sentence', async () => {
  const environment = { ...process.env, LC_ALL: 'de_DE.UTF-8', LANG: 'de_DE.UTF-8' };
  const { stderr } = await outcomeOf(process.execPath, ['cf/main.ts', '--stackname', 'a', '--yamll'], {
    directory: ROOT,
    environment,
  });
  assert.match(stderr, /^Unknown option: --yamll\. Did you mean --yaml\?$/m);
});
