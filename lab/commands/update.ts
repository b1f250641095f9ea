import type { Argv } from 'yargs';
import { callLab } from './lab-client.ts';
import { interruption, printJson, progress } from './terminal.ts';

export function addUpdate(cli: Argv<{ name: string }>): Argv {
  return cli.command(
    'update',
    'Roll the nodes to another image with deploy.sh, one at a time',
    (command) =>
      command
        .option('image-id', {
          type: 'string',
          describe: 'An image of the lab; without it a new one is registered, as build.sh does',
        })
        .option('json', { type: 'boolean', default: false, describe: 'The result as one JSON object' })
        .check(({ imageId }) => {
          if (imageId !== undefined && !/^ami-[0-9a-f]+$/.test(String(imageId)))
            throw new Error('--image-id is the id of an image, such as ami-0123456789abcdef0.');
          return true;
        })
        .example('$0 update', 'a rolling update to a new image'),
    async ({ name, imageId, json }) => {
      const updated = await callLab(name, 'update', imageId === undefined ? {} : { imageId }, {
        signal: interruption(),
        hear: (frame) => frame.kind === 'progress' && progress(frame.line),
      });
      if (json) printJson({ imageId: updated });
      else progress(`every node runs ${updated}`);
    },
  );
}
