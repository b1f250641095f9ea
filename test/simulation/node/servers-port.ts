// SPDX-License-Identifier: Apache-2.0
/** The ports `Servers` and `ServerControl` of a simulated node. */
import { AgentError } from '../../../src/errors.ts';
import type { ServerAnswer } from '../../../src/model/server.ts';
import type {
  ReconfigAnswer,
  ReconfigChange,
  ServerControl,
  ServerState,
  Servers,
  Session,
  Work,
} from '../../../src/ports.ts';
import type { Ensemble } from '../zookeeper/ensemble.ts';
import { lastZxid } from '../zookeeper/entry.ts';
import { judgeReconfig } from '../zookeeper/requests.ts';
import type { Host, Server } from '../zookeeper/server.ts';
import type { Run } from './run.ts';
import type { Kept, Supervisor } from './supervisor.ts';

const SESSION_TIMEOUT_MS = 10_000;
const PROBE_TIMEOUT_MS = 2_000;

const WONT_STOP = () => new AgentError('SERVER_DID_NOT_STOP', 'The server goes on running.', 'Look at it.');

function unreachable(address: string): AgentError {
  return new AgentError('ZOOKEEPER_UNAVAILABLE', `${address} does not serve`, 'Nothing: the agent looks again.');
}

/** The server at the address, if this node can reach it. */
function serverAt(ensemble: Ensemble, host: Host, address: string): Server | undefined {
  const server = ensemble.at(address);
  return server?.awake && ensemble.network.joined(host, server.host) ? server : undefined;
}

function isUnanswered(host: Host, address: string, ensemble: Ensemble): boolean {
  return ensemble.nowMs < host.unansweredUntilMs && ensemble.isReached(host, address);
}

export function serversPort(run: Run, host: Host, ensemble: Ensemble): Servers {
  return {
    srvr: (address) =>
      run.awaited<ServerAnswer>(`srvr ${address}`, (resolve) => {
        const server = serverAt(ensemble, host, address);
        if (server && isUnanswered(host, address, ensemble)) {
          resolve({ kind: 'silent', why: 'the connection was closed', closed: true });
        } else if (!server) {
          // A dead server refuses at once; one behind a partition, or paused, costs the whole limit.
          const delayMs = ensemble.at(address) ? PROBE_TIMEOUT_MS : 1;
          run.later(delayMs, () => resolve({ kind: 'silent', why: 'no answer' }));
        } else if (server.phase !== 'serving') resolve({ kind: 'not-serving' });
        else {
          resolve({
            kind: 'serving',
            mode: server.leads ? 'leader' : 'follower',
            zxid: lastZxid(server.applied),
          });
        }
      }),
    learners: (address) =>
      run.awaited<number>(`mntr ${address}`, (resolve, reject) => {
        const server = serverAt(ensemble, host, address);
        if (!server?.leads || !server.term) return reject(unreachable(address));
        const { term } = server;
        resolve(ensemble.servers.filter((other) => other !== server && other.term === term).length);
      }),
    open: (address, { secret }) =>
      run.awaited<Session>(`open ${address}`, (resolve, reject) => {
        if (isUnanswered(host, address, ensemble)) return reject(unreachable(address));
        const server = serverAt(ensemble, host, address);
        const deadlineMs = ensemble.nowMs + SESSION_TIMEOUT_MS;
        const taken =
          server &&
          ensemble.requests.submit(ensemble, server, { kind: 'session' }, deadlineMs, (outcome) => {
            if (outcome === 'lost') reject(unreachable(address));
            else resolve(session(run, server, ensemble, secret && server.host === host));
          });
        if (taken) ensemble.wake();
        else reject(unreachable(address));
      }),
  };
}

function session(run: Run, server: Server, ensemble: Ensemble, authenticated: boolean): Session {
  const term = server.term;
  const open = (): boolean => server.awake && server.term === term && server.phase === 'serving';
  return {
    config: () =>
      run.look('session config', () => {
        if (!open()) throw unreachable(server.host.address);
        return ensemble.lines.asRead(server.config);
      }),
    reconfig: (change: ReconfigChange) =>
      run.awaited<ReconfigAnswer>(`reconfig ${describeChange(change)}`, (resolve, reject) => {
        const leader = open() ? ensemble.requests.leaderBehind(ensemble, server) : undefined;
        if (!leader) return reject(unreachable(server.host.address));
        if (!authenticated) return resolve('not-authorized');
        const judged = judgeReconfig(ensemble, leader, change);
        if ('answer' in judged) return resolve(judged.answer);
        const draft = { kind: 'reconfig', members: judged.members } as const;
        const answerIsLost = run.random.chance(0.03);
        ensemble.requests.submit(ensemble, server, draft, ensemble.nowMs + SESSION_TIMEOUT_MS, (outcome) =>
          resolve(outcome === 'lost' || answerIsLost ? 'maybe-applied' : 'ok'),
        );
        ensemble.wake();
      }),
    close: () => run.look('session close', () => undefined),
  };
}

function describeChange({ joining, leaving }: ReconfigChange): string {
  const added = (joining ?? []).map((member) => `+${member.id}@${member.address}`);
  return [...added, ...(leaving ?? []).map((id) => `-${id}`)].join(' ');
}

function loadsForMs(run: Run, { loadsForMs }: Ensemble): number {
  if (loadsForMs > 0) return loadsForMs;
  return run.additions.strikes('loads-long') ? run.additions.random('loads-long').between(10_000, 240_000) : 0;
}

export function serverControlPort(
  run: Run,
  host: Kept,
  { ensemble, supervisor }: { readonly ensemble: Ensemble; readonly supervisor: Supervisor },
): ServerControl {
  return {
    state: () =>
      run.look('server state', (): ServerState => {
        const server = ensemble.on(host);
        if (server) return { kind: 'running', upMs: ensemble.nowMs - server.startedMs };
        const kind = supervisor.isAboutToStart(host) ? 'restarting' : 'stopped';
        const { failures: count, failedAtMs } = host.disk;
        if (count === 0) return { kind };
        return {
          kind,
          ends: {
            count,
            sinceMs: ensemble.nowMs - failedAtMs,
            how: 'exit code 1',
            error: 'ERROR Unable to load database on disk',
          },
        };
      }),
    work: () =>
      run.local('server work', (): Work | undefined => {
        const server = ensemble.on(host);
        // It keeps one processor busy until it has loaded its data.
        return server && { cpuMs: Math.min(ensemble.nowMs, server.loadedAtMs) - server.startedMs, bytes: 0 };
      }),
    start: () =>
      run.local('server start', () => {
        if (host.disk.fence) throw new AgentError('FENCED', 'A fence stands.', 'Nothing: the agent looks again.');
        if (!host.disk.stamp) throw new AgentError('DATA_WITHOUT_STAMP', 'There is no stamp.', 'Nothing.');
        const before = ensemble.on(host);
        supervisor.start(host);
        const server = ensemble.on(host);
        if (server && server !== before) server.loadedAtMs += loadsForMs(run, ensemble);
      }),
    stop: () =>
      run.local(
        'server stop',
        () => {
          if (ensemble.on(host) && run.additions.strikes('server-wont-stop')) throw WONT_STOP();
          supervisor.stop(host, 'stopped by its agent');
          host.disk.failures = 0;
          // No rule helps who starts a server that stands at no address of a slot yet.
          const isBeforeItsAddress = !ensemble.looksForAddress && !host.disk.ready;
          if (run.additions.strikes('started-by-hand') && !isBeforeItsAddress) {
            supervisor.startByHand(host, run.additions.random('started-by-hand').between(0, 4_000));
          }
        },
        500,
      ),
  };
}
