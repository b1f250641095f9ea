// SPDX-License-Identifier: Apache-2.0
/** Runs the project's own ansible-playbook and ansible-lint, and renders the roles' templates without a machine. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { type AnsiblePrograms, ansiblePrograms } from '../../bake/ansible.ts';
import { outcomeOf } from '../../tools/program.ts';

export const ANSIBLE = resolve(import.meta.dirname, '../../ansible');
export const ROLES = ['base', 'zookeeper', 'agent', 'logs'] as const;
export type Role = (typeof ROLES)[number];

const LIMIT_MS = 180_000;

export interface Run {
  readonly code: number;
  /** Both of its outputs. */
  readonly output: string;
}

export async function ansible(program: keyof AnsiblePrograms, args: readonly string[], home: string): Promise<Run> {
  const programs = await ansiblePrograms();
  const env = {
    ...process.env,
    // What a run leaves in its home belongs to the test.
    ANSIBLE_HOME: home,
    ANSIBLE_CONFIG: join(ANSIBLE, 'ansible.cfg'),
    ANSIBLE_NOCOLOR: '1',
    NO_COLOR: '1',
  };
  const options = { directory: ANSIBLE, environment: env, limitMs: LIMIT_MS };
  const { code, signal, stdout, stderr } = await outcomeOf(programs[program], args, options);
  if (code === null) throw new Error(`${program} was ended by ${signal}`);
  return { code, output: `${stdout}${stderr}` };
}

type Variables = Readonly<Record<string, unknown>>;

/** defaults or vars of a role. */
export function variablesOf(role: Role, kind: 'defaults' | 'vars'): Variables {
  return parse(readFileSync(join(ANSIBLE, 'roles', role, kind, 'main.yml'), 'utf8')) as Variables;
}

export function argumentsOf(role: Role): Readonly<Record<string, { readonly default?: unknown }>> {
  const text = readFileSync(join(ANSIBLE, 'roles', role, 'meta', 'argument_specs.yml'), 'utf8');
  return (parse(text) as { argument_specs: { main: { options: Record<string, { default?: unknown }> } } })
    .argument_specs.main.options;
}

export interface Rendered {
  /** Contents by absolute path on the image, such as /etc/cron.d/zk-recovery. */
  readonly files: ReadonlyMap<string, string>;
  /** Where they stand, each at its path below this directory. */
  readonly directory: string;
}

const CONTENT = `{% set files = {} %}{% for template in templates %}{{
files.update({template.path: lookup('ansible.builtin.template', template.src)}) or '' }}{% endfor %}{{ files | to_json }}`;

/** Renders every template of every role; what only a machine tells is given. */
export async function renderTemplates(directory: string, given: Variables): Promise<Rendered> {
  const templates = ROLES.flatMap((role) => {
    const root = join(ANSIBLE, 'roles', role, 'templates');
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.j2'))
      .map((name) => ({ src: join(root, name), path: `/${name.slice(0, -'.j2'.length)}` }));
  });
  const rendered = join(directory, 'rendered.json');
  const play = {
    hosts: 'localhost',
    connection: 'local',
    gather_facts: false,
    vars_files: ROLES.flatMap((role) =>
      ['defaults', 'vars'].map((kind) => join(ANSIBLE, 'roles', role, kind, 'main.yml')),
    ),
    // One task for all, as each takes a second.
    tasks: [{ 'ansible.builtin.copy': { content: CONTENT, dest: rendered, mode: '0600' } }],
  };
  const playbook = join(directory, 'render.yml');
  writeFileSync(playbook, JSON.stringify([play]));
  const extra = JSON.stringify({ ...given, templates });
  const run = await ansible('playbook', ['-e', extra, playbook], join(directory, 'home'));
  if (run.code !== 0) throw new Error(`The templates can't be rendered:\n${run.output}`);
  const files = new Map(Object.entries(JSON.parse(readFileSync(rendered, 'utf8')) as Record<string, string>));
  const target = join(directory, 'image');
  for (const [path, text] of files) {
    mkdirSync(join(target, dirname(path)), { recursive: true });
    writeFileSync(join(target, path), text);
  }
  return { files, directory: target };
}
