// SPDX-License-Identifier: Apache-2.0
/** An agent that starts a server and ends at once: arguments are the pid file and the log file. */
import { processService } from '../../src/zookeeper/process-service.ts';

const [, , pidFile = '', logFile = ''] = process.argv;
const service = processService({ command: ['/bin/sleep', '60'], pidFile, logFile, whatForbids: async () => undefined });
await service.start(AbortSignal.timeout(10_000));
