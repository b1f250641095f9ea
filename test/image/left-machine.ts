// SPDX-License-Identifier: Apache-2.0
/** A daemon to be killed: `node left-machine.ts <options as JSON>` boots a machine, says `booted` and waits. */
import { Container, type ContainerOptions } from '../../lab/container/container.ts';

const container = new Container(JSON.parse(process.argv[2] ?? '') as ContainerOptions);
await container.boot();
process.stdout.write(`booted ${container.processes()[0]?.pid}\n`);
setInterval(() => {}, 60_000);
