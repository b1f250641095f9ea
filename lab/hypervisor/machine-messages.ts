// SPDX-License-Identifier: Apache-2.0
/** The messages between the daemon and a machine process. */

/** The only argument of a machine process, as JSON. */
export interface MachinePlan {
  readonly instance: string;
  /** The machine's own directory: agent.env, data, conf, run, log. */
  readonly directory: string;
  /** The command that runs the agent; its arguments follow. */
  readonly agentCommand: readonly string[];
}

export interface BootPlan {
  /** Seconds between two cron ticks. */
  readonly tickSeconds: number | 'never';
  /** Whether `bootstrap` runs at boot. */
  readonly bootstrap: boolean;
}

export type MachineRequest =
  | ({ readonly kind: 'boot' } & BootPlan)
  | {
      readonly kind: 'run-agent';
      readonly run: number;
      readonly arguments: readonly string[];
      /** Added to the agent's environment, NODE_OPTIONS for example. */
      readonly environment: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'signal-run'; readonly run: number; readonly signal: NodeJS.Signals };

export type MachineEvent =
  | { readonly kind: 'output'; readonly run: number; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly kind: 'exit';
      readonly run: number;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    }
  /** The bootstrap at boot has ended; a second one only starts with the next boot. */
  | { readonly kind: 'bootstrapped'; readonly code: number | null };
