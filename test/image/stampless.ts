// SPDX-License-Identifier: Apache-2.0
/**
 * The stamp is moved away on a node of the image, while no tick of the agent can mend that. Then the server's unit is
 * started by a person and by systemd itself.
 */
import { runInNode } from './in-a-node.ts';

/** What became of a start. */
interface Refusal {
  /** Of systemd: `inactive` or `failed`, and the process, which is 0 where none runs. */
  readonly unit: string;
  /** What the journal says about it. */
  readonly journal: string;
}

export interface Stampless {
  /** The stamp that was moved away. */
  readonly stamp: string;
  /** A person has restarted the unit. */
  readonly restarted: Refusal;
  /** The server was killed, and systemd was to start it again. */
  readonly killed: Refusal;
}

const BETWEEN = '-----8<-----';

/** Each wait has a limit; a server that runs after all ends the script with its state. */
const SCRIPT = `
unit=zookeeper.service
stamp=/var/lib/zookeeper/zk-agent/stamp.json
kept=/run/stamp.kept
show() { systemctl show "$unit" --property="$1" --value; }
cursor() { journalctl --lines=1 --show-cursor --output=cat --quiet | sed -n 's/^-- cursor: //p'; }
told() {
  journalctl --sync
  echo '${BETWEEN}'; echo "$(show ActiveState) $(show MainPID)"
  echo '${BETWEEN}'; journalctl --unit="$unit" --after-cursor="$1" --output=cat --quiet --no-pager
}
trap 'systemctl start cron' EXIT
systemctl stop cron
# A tick that has begun, or the bootstrap of a reboot.
works() { grep -qsz 'zk-[rb][eo][co]' /proc/[0-9]*/cmdline; }
for _ in {1..1200}; do works || break; sleep 0.2; done
if works; then echo 'The agent is still at work.' >&2; exit 1; fi
cat "$stamp"

before=$(cursor)
mv "$stamp" "$kept"
systemctl restart "$unit" || true
told "$before"

mv "$kept" "$stamp"
systemctl start "$unit"
[[ $(show MainPID) != 0 ]]
before=$(cursor)
mv "$stamp" "$kept"
kill -KILL "$(show MainPID)"
# Until systemd has made its own attempt, a second later.
for _ in {1..300}; do [[ $(show ActiveState) =~ ^(inactive|failed)$ ]] && break; sleep 0.2; done
told "$before"
rm "$kept"
`;

/** Leaves the node without stamp and server. `address` is that of a node of this lab, `key` its private key's file. */
export async function startWithoutStamp(lab: string, key: string, address: string): Promise<Stampless> {
  const printed = await runInNode(lab, key, address, SCRIPT);
  const [stamp = '', unit = '', journal = '', later = '', afterwards = ''] = printed
    .split(`${BETWEEN}\n`)
    .map((part) => part.trim());
  return { stamp, restarted: { unit, journal }, killed: { unit: later, journal: afterwards } };
}
