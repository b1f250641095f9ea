// SPDX-License-Identifier: Apache-2.0

class ClientState {
  name: string;
  code: number;

  constructor(name: string, code: number) {
    this.name = name;
    this.code = code;
  }

  toString(): string {
    return `${this.name}[${this.code}]`;
  }
}

export type State = ClientState;
/** What `getState` returns, and what the event `state` comes with. */
export const State = {
  DISCONNECTED: new ClientState('DISCONNECTED', 0),
  SYNC_CONNECTED: new ClientState('SYNC_CONNECTED', 3),
  AUTH_FAILED: new ClientState('AUTH_FAILED', 4),
  CONNECTED_READ_ONLY: new ClientState('CONNECTED_READ_ONLY', 5),
  SASL_AUTHENTICATED: new ClientState('SASL_AUTHENTICATED', 6),
  EXPIRED: new ClientState('EXPIRED', -122),
};

/** What `connectionManager.state` has: old programs read it there, since `getState` does not tell a closed client. */
export const MANAGER = {
  disconnected: 0,
  connecting: 1,
  connected: 2,
  connectedReadOnly: 3,
  closing: -1,
  closed: -2,
  expired: -3,
  authFailed: -4,
} as const;

interface Report {
  readonly event: string;
  readonly state: State;
}

/** The states that a program hears of. */
const REPORTS = new Map<number, Report>([
  [MANAGER.disconnected, { event: 'disconnected', state: State.DISCONNECTED }],
  [MANAGER.connected, { event: 'connected', state: State.SYNC_CONNECTED }],
  [MANAGER.connectedReadOnly, { event: 'connectedReadOnly', state: State.CONNECTED_READ_ONLY }],
  [MANAGER.expired, { event: 'expired', state: State.EXPIRED }],
  [MANAGER.authFailed, { event: 'authenticationFailed', state: State.AUTH_FAILED }],
]);

export function reportOf(managerState: number): Report | undefined {
  return REPORTS.get(managerState);
}
