// SPDX-License-Identifier: Apache-2.0
/** Why a bake failed, from the output of Packer and of the programs that it ran, and what a person should do. */
import { type BakeCode, BakeError } from './errors.ts';
import type { PackerEvent } from './packer-output.ts';

/** Enough for the end of a task's output; older events are in the log. */
const KEPT_EVENTS = 400;
const KEPT_LINES = 12;

const BUILD_ERRORED = /^Build '[^']*' errored(?: after [^:]*)?: /;
const PROVISIONING = /^(Provisioning with|Uploading |Executing )/;
const STEP_OF_SCRIPT = /^Provisioning with shell script: .*?([^/]+\.sh)$/;

interface Advice {
  readonly fits: RegExp;
  readonly code: BakeCode;
  readonly next: string;
}

const ADVICE: readonly Advice[] = [
  {
    fits: /no space left on device|enough free space|MiB free on its disk/i,
    code: 'DISK_FULL',
    next: 'Give the instance a larger root volume (--volumesize), or the image fewer parts.',
  },
  {
    fits: /checksum/i,
    code: 'WRONG_CHECKSUM',
    next: 'What was fetched is not what the digest was made of: check --zookeeper-archive and --zookeeper-sha512.',
  },
  {
    fits: /UnauthorizedOperation|AccessDenied|not authorized to perform/i,
    code: 'AWS_DENIED',
    next: 'Compare your permissions with those that docs/building.md lists for a person who builds.',
  },
  {
    fits: /NoCredentialProviders|ExpiredToken|RequestExpired|no valid credential|failed to refresh cached credentials/i,
    code: 'NO_CREDENTIALS',
    next: 'Log in anew; credentials have to last for the whole bake.',
  },
  {
    fits: /No AMI was found matching filters/i,
    code: 'BAD_INPUT',
    next: 'Debian has no such image in this region: choose another --debian, or name one with --ami.',
  },
  {
    fits: /Give an instance of Debian 12 or 13/,
    code: 'BAD_INPUT',
    next: 'Name an image of Debian 12 or 13 with --ami, or leave it out.',
  },
  {
    fits: /Timeout waiting for SSH|ssh: (handshake failed|unable to authenticate)|timeout while connecting/i,
    code: 'BAKE_FAILED',
    next: 'Check that the instance is reached from here: --subnet, --ssh-interface, --ssh-source, --ssh-user.',
  },
  {
    fits: /InsufficientInstanceCapacity|Unsupported: Your requested instance type/i,
    code: 'AWS_REFUSED',
    next: 'Choose another --instancetype, or a --subnet in another zone.',
  },
  {
    fits: /LimitExceeded/i,
    code: 'AWS_REFUSED',
    next: "Raise the account's limit, or end what uses it up.",
  },
];

/** Keeps the events that may contain the reason. */
export class Causes {
  #events: PackerEvent[] = [];
  #errored: string | undefined;
  #error: string | undefined;
  #provisioning = false;

  hear(event: PackerEvent): void {
    if (event.kind === 'step') this.#provisioning = PROVISIONING.test(event.text);
    if (event.kind === 'error' && BUILD_ERRORED.test(event.text)) {
      this.#errored ??= event.text.replace(BUILD_ERRORED, '');
    } else if (event.kind === 'error' && !this.#provisioning && this.#errored === undefined) {
      // Packer's last error may be about its cleaning up, so its own first error counts. During provisioning, error
      // events are standard error of the programs on the instance.
      this.#error ??= event.text;
    }
    this.#events.push(event);
    if (this.#events.length > KEPT_EVENTS) this.#events = this.#events.slice(-KEPT_EVENTS / 2);
  }

  /** The first cause, in words. */
  first(): string {
    const texts = this.#events.map(({ text }) => text);
    const cause =
      this.#ofAnsible(texts) ?? this.#ofScript() ?? this.#error ?? this.#errored ?? 'Packer gave no reason.';
    return cause.replaceAll(/\s*status code: \d+, request id: \S*/g, '').trim();
  }

  /** The error of a failed bake. Its code depends on the kind of the cause. */
  error(logFile: string): BakeError {
    const cause = this.first();
    const advice = ADVICE.find(({ fits }) => fits.test(cause));
    const message = `The bake failed: ${cause}`;
    const next = advice?.next ?? 'Correct what it names, then run this again.';
    return new BakeError(advice?.code ?? 'BAKE_FAILED', message, `${next} All that was said is in ${logFile}.`);
  }

  /** `fatal: [default]: FAILED! => {"msg": "…"}` after `TASK [role : what]`. */
  #ofAnsible(texts: readonly string[]): string | undefined {
    const at = texts.findIndex((text) => /^(fatal|failed): \[/.test(text) && !text.includes('...ignoring'));
    if (at < 0) return undefined;
    const task = /^TASK \[(.*)\]/.exec(texts.slice(0, at).findLast((text) => text.startsWith('TASK [')) ?? '')?.[1];
    const said = texts[at] ?? '';
    return `Ansible's task "${task ?? 'unknown'}" failed: ${messageOf(said)}`;
  }

  /** The standard error of the last script. */
  #ofScript(): string | undefined {
    if (this.#errored === undefined || !/Script exited with non-zero/i.test(this.#errored)) return undefined;
    const from = this.#events.findLastIndex(({ text }) => STEP_OF_SCRIPT.test(text));
    if (from < 0) return undefined;
    const [, script] = STEP_OF_SCRIPT.exec(this.#events[from]?.text ?? '') ?? [];
    const end = this.#events.findIndex(({ text }, at) => at > from && BUILD_ERRORED.test(text));
    const said = this.#events
      .slice(from + 1, end)
      .filter(({ kind }) => kind === 'error')
      .map(({ text }) => text)
      .filter((text) => !/^(Script exited|Provisioning step had errors)/.test(text));
    return said.length === 0 ? undefined : `${script}: ${said.slice(0, KEPT_LINES).join('\n')}`;
  }
}

/** The messages in Ansible's output for a failed task. */
function messageOf(said: string): string {
  const from = said.indexOf('{');
  if (from < 0) return said;
  try {
    // Packer escapes line ends as JSON does. So after reading Packer's output, line ends of the JSON are no longer
    // escaped.
    const json = said.slice(from).replaceAll('\n', '\\n');
    const { msg, stderr } = JSON.parse(json) as { readonly msg?: unknown; readonly stderr?: unknown };
    const texts = [msg, stderr].filter((text): text is string => typeof text === 'string' && text !== '');
    return texts.length === 0 ? said : texts.join('\n');
  } catch {
    return said;
  }
}
