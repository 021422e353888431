#!/bin/bash
# Stands in for systemctl on the machine of the tests, which has no systemd: starts what a unit says, in its environment.
args=()
for one in "$@"; do [[ $one == --* ]] || args+=("$one"); done
set -a
# shellcheck disable=SC1091 # it is on the machine
. /etc/machine.env
case "${args[0]} ${args[1]:-}" in
  'start docker.service')
    docker version >/dev/null 2>&1 || setsid dockerd --cgroup-parent "$CGROUP" </dev/null >/var/log/dockerd.log 2>&1 &
    ;;
  'start '*)
    command=$(sed -n 's/^ExecStart=//p' "/etc/systemd/system/${args[1]}")
    # shellcheck disable=SC2086 # words of the command line
    setsid bash -c "$command"'; echo $? >/run/unit.status' </dev/null >>/dev/console 2>&1 &
    ;;
  'disable docker.service') ;;
  'enable '*) [ -e "/etc/systemd/system/${args[1]}" ] ;;
  'daemon-reload '*) ;;
  *) exit 1 ;;
esac
