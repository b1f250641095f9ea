// SPDX-License-Identifier: Apache-2.0
/** The verbs that run deploy.sh on the lab's stack. */
import type { Argv } from 'yargs';
import type { Frame } from '../daemon/control-socket.ts';
import type { Verb, Verbs } from '../daemon/verbs.ts';
import { callLab } from './lab-client.ts';
import { interruptSignal, printJson, progress } from './terminal.ts';

const JSON_OPTION = { type: 'boolean', default: false, describe: 'The result as one JSON object' } as const;

/** Calls a verb that deploys. An interruption ends only the following, not CloudFormation's operation. */
async function follow<V extends Verb>(name: string, verb: V, args: Verbs[V][0]): Promise<Verbs[V][1]> {
  const signal = interruptSignal();
  const hear = (frame: Frame): void => {
    if (frame.kind === 'progress') progress(frame.line);
  };
  try {
    return await callLab(name, verb, args, { signal, hear });
  } catch (error) {
    if (signal.aborted) progress('nobody follows any more; CloudFormation goes on, ./lab.sh status shows how far');
    throw error;
  }
}

export function addDeployment(cli: Argv<{ name: string }>): void {
  addUpdate(cli);
  addDelete(cli);
  addDeploy(cli);
}

function addUpdate(cli: Argv<{ name: string }>): void {
  cli.command(
    'update',
    'Roll the nodes to another image, one at a time',
    (command) =>
      command
        .option('image-id', {
          type: 'string',
          describe: 'An image of the lab; without it a new one is registered, as build.sh does',
        })
        .option('json', JSON_OPTION)
        .check(({ imageId }) => {
          if (imageId !== undefined && !/^ami-[0-9a-f]+$/.test(String(imageId))) {
            throw new Error('--image-id is the id of an image, such as ami-0123456789abcdef0.');
          }
          return true;
        })
        .example('$0 update', 'a rolling update to a new image'),
    async ({ name, imageId, json }) => {
      const updated = await follow(name, 'update', imageId === undefined ? {} : { imageId });
      if (json) printJson({ imageId: updated });
      else progress(`every node runs ${updated}`);
    },
  );
}

function addDelete(cli: Argv<{ name: string }>): void {
  cli.command(
    'delete',
    'Delete the stack; the lab stays, and deploy creates the stack anew',
    (command) =>
      command
        .option('with-data', {
          type: 'boolean',
          default: false,
          describe: 'What deleted stacks of that name leave behind goes too: buckets and log groups of claims',
        })
        .option('json', JSON_OPTION)
        .example('$0 delete', 'the stack goes, its bucket and its claims stay'),
    async ({ name, withData, json }) => {
      await follow(name, 'delete', { withData });
      if (json) printJson({ deleted: name });
      else progress(`the stack is deleted; ./lab.sh deploy creates it anew`);
    },
  );
}

function addDeploy(cli: Argv<{ name: string }>): void {
  cli.command(
    'deploy',
    'Deploy the stack again after delete: a new cluster of the same name',
    (command) => command.option('json', JSON_OPTION).example('$0 deploy', 'after ./lab.sh delete'),
    async ({ name, json }) => {
      const cluster = await follow(name, 'deploy', {});
      if (json) printJson({ cluster });
      else progress(`the stack stands; its cluster is ${cluster}`);
    },
  );
}
