// SPDX-License-Identifier: Apache-2.0
/** The verbs for the local AWS: faults, and the list of calls. */
import type { Argv } from 'yargs';
import { type CallCount, FAULT_KINDS, SERVICES } from '../../cloud/index.ts';
import { table } from '../../tools/table.ts';
import { callLab } from './lab-client.ts';
import { print, printJson, progress } from './terminal.ts';

export function addFault(cli: Argv<{ name: string }>): Argv {
  return cli.command(
    'fault [kind]',
    'Make AWS misbehave; without a kind, list the faults that stand',
    (command) =>
      command
        .positional('kind', { choices: FAULT_KINDS, describe: 'What goes wrong' })
        .option('service', { choices: SERVICES, describe: 'Calls of one service; otherwise all' })
        .option('action', { type: 'string', describe: 'One action, such as DescribeInstances; otherwise all' })
        .option('caller', { type: 'string', describe: 'One instance; otherwise every caller' })
        .option('count', { type: 'number', describe: 'For this many calls' })
        .option('seconds', { type: 'number', describe: 'For this many seconds' })
        .option('clear', { type: 'boolean', default: false, describe: 'Take all faults back' })
        .option('json', { type: 'boolean', default: false, describe: 'JSON instead of text' })
        .check(({ count: calls, seconds: lasting }) => {
          if (calls !== undefined && !(Number.isInteger(calls) && Number(calls) > 0)) {
            throw new Error('--count is a whole number above 0.');
          }
          if (lasting !== undefined && !(Number(lasting) > 0)) throw new Error('--seconds is a number above 0.');
          return true;
        }, false)
        .example('$0 fault outage --seconds 30', 'AWS is unreachable for half a minute')
        .example(
          '$0 fault lose-answer --service logs --action CreateLogStream --count 1',
          'one claim without an answer',
        )
        .example('$0 fault --clear', 'all is well again'),
    async ({ name, kind, service, action, caller, count, seconds, clear, json }) => {
      if (clear) {
        await callLab(name, 'clear-faults', {});
        return progress('no faults stand any more');
      }
      if (kind === undefined) return listFaults(name, json);
      const id = await callLab(name, 'fault', {
        kind,
        ...(service === undefined ? {} : { service }),
        ...(action === undefined ? {} : { action }),
        ...(caller === undefined ? {} : { caller }),
        ...(count === undefined ? {} : { count }),
        ...(seconds === undefined ? {} : { seconds }),
      });
      if (json) printJson({ fault: id });
      else progress(`fault ${id} stands: ${kind}`);
    },
  );
}

async function listFaults(name: string, json: boolean): Promise<void> {
  const faults = await callLab(name, 'list-faults', {});
  if (json) return printJson(faults);
  if (faults.length === 0) return progress('no faults stand');
  for (const fault of faults) print(JSON.stringify(fault));
}

export function addCalls(cli: Argv<{ name: string }>): Argv {
  return cli.command(
    'calls',
    'AWS calls so far, by caller and action',
    (command) =>
      command
        .option('json', { type: 'boolean', default: false, describe: 'One JSON object' })
        .example('$0 calls', 'a table'),
    async ({ name, json }) => {
      const calls = await callLab(name, 'calls', {});
      if (json) return printJson(calls);
      const rows = calls.map((count) => [
        count.caller,
        count.service,
        count.action,
        String(count.calls),
        failuresIn(count),
      ]);
      for (const line of table([['CALLER', 'SERVICE', 'ACTION', 'CALLS', ''], ...rows])) print(line);
    },
  );
}

function failuresIn({ failures, denied }: CallCount): string {
  if (failures === 0) return '';
  return denied === 0 ? `${failures} failed` : `${failures} failed, ${denied} of them denied`;
}
