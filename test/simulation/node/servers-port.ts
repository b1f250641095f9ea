/** The ports `Servers` and `ServerControl` of a simulated node. */
import { AgentError } from '../../../src/errors.ts';

import type {
  ReconfigAnswer,
  ReconfigChange,
  ServerAnswer,
  ServerControl,
  ServerState,
  Servers,
  Session,
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

export function serversPort(run: Run, host: Host, ensemble: Ensemble): Servers {
  return {
    srvr: (address) =>
      run.awaited<ServerAnswer>(`srvr ${address}`, (resolve) => {
        const server = serverAt(ensemble, host, address);
        if (!server) {
          // A dead server refuses at once; one behind a partition, or paused, costs the whole limit.
          const delayMs = ensemble.at(address) ? PROBE_TIMEOUT_MS : 1;
          run.later(delayMs, () => resolve({ kind: 'silent', why: 'no answer' }));
        } else if (server.phase !== 'serving') resolve({ kind: 'not-serving' });
        else
          resolve({
            kind: 'serving',
            mode: server.leads ? 'leader' : 'follower',
            zxid: lastZxid(server.applied),
          });
      }),
    open: (address, { secret }) =>
      run.awaited<Session>(`open ${address}`, (resolve, reject) => {
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
        return server.config;
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
        return { kind: supervisor.isAboutToStart(host) ? 'restarting' : 'stopped' };
      }),
    start: () =>
      run.local('server start', () => {
        if (host.disk.fence) throw new AgentError('FENCED', 'A fence stands.', 'Nothing: the agent looks again.');
        if (!host.disk.stamp) throw new AgentError('DATA_WITHOUT_STAMP', 'There is no stamp.', 'Nothing.');
        supervisor.start(host);
      }),
    stop: () =>
      run.local(
        'server stop',
        () => {
          if (ensemble.on(host) && run.additions.strikes('server-wont-stop')) throw WONT_STOP();
          supervisor.stop(host, 'stopped by its agent');
        },
        500,
      ),
  };
}
