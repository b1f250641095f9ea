#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fails unless the machine is what a node has to be. Says everything that is wrong, not the first thing only.
# AGENT_ANSWER (what `zk-agent --version` prints) and ZOOKEEPER_VERSION say what has to be on it.
set -euo pipefail

failures=0
wrong() {
  echo "The image is not right: $*" >&2
  failures=$((failures + 1))
}

equal() { # WHAT WANTED FOUND
  [[ $2 == "$3" ]] || wrong "$1 is \"$3\", not \"$2\""
}

check_agent() {
  local agent=/usr/local/bin/zk-agent said name
  if said=$(env -i "$agent" --version 2>&1); then
    equal "what $agent --version says" "$AGENT_ANSWER" "$said"
  else
    wrong "$agent --version failed: $said"
  fi
  for name in zk-bootstrap zk-recovery zk-remove-terminated; do
    equal "/usr/local/bin/$name" "$agent" "$(readlink -f "/usr/local/bin/$name" || true)"
  done
  [[ ! -e /etc/zookeeper-on-aws/agent.env ]] || wrong 'agent.env is there, which an instance gets from its user data'
}

check_zookeeper() {
  local home=/opt/apache-zookeeper-$ZOOKEEPER_VERSION-bin said directory
  equal /opt/zookeeper "$home" "$(readlink -f /opt/zookeeper || true)"
  if said=$(runuser -u zookeeper -- java -cp '/opt/zookeeper/lib/*' org.apache.zookeeper.version.VersionInfoMain 2>&1); then
    [[ $said == *"version $ZOOKEEPER_VERSION"[^0-9.]* ]] || wrong "ZooKeeper says that it is: $said"
  else
    wrong "Java did not run ZooKeeper's classes as the user zookeeper: $said"
  fi
  for directory in /etc/zookeeper/conf /var/lib/zookeeper; do
    equal "the owner of $directory" zookeeper:zookeeper "$(stat -c %U:%G "$directory" 2>&1 || true)"
  done
  # Data that came with the image would be the same on every node.
  said=$(find /var/lib/zookeeper -mindepth 1 \( -name version-2 -o -name myid -o -name initialize \) 2>/dev/null || true)
  [[ -z $said ]] || wrong "/var/lib/zookeeper is not empty: $said"
}

check_units() {
  local unit said
  for unit in zk-bootstrap.service zk-purge.service; do
    equal "the unit $unit" enabled "$(systemctl is-enabled "$unit" 2>&1 || true)"
  done
  # The agent starts the server; enabled, it would start before its identity is known.
  said=$(systemctl is-enabled zookeeper.service 2>&1 || true)
  [[ $said == disabled || $said == static ]] || wrong "the unit zookeeper.service is $said at boot"
  for unit in zk-bootstrap.service zk-purge.service zookeeper.service; do
    said=$(systemd-analyze verify "$unit" 2>&1) || wrong "systemd finds fault with $unit: $said"
    equal "the state of $unit" inactive "$(systemctl is-active "$unit" 2>&1 || true)"
  done
  equal 'the unit cron.service' enabled "$(systemctl is-enabled cron.service 2>&1 || true)"
  [[ -s /etc/cron.d/zk-recovery ]] || wrong '/etc/cron.d/zk-recovery is missing'
  # cron takes no file that others could write to.
  equal 'the mode of /etc/cron.d/zk-recovery' 644 "$(stat -c %a /etc/cron.d/zk-recovery 2>&1 || true)"
}

check_packages() {
  local said
  said=$(dpkg --audit 2>&1) || true
  [[ -z $said ]] || wrong "packages are half installed: $said"
}

check_agent
check_zookeeper
check_units
check_packages
if ((failures > 0)); then exit 1; fi
echo 'The image has all that a node needs.'
