#!/usr/bin/env bash
# From a definition to two running versions and a traffic switch, on a local AWS that this script starts and stops.
# Everything it prints after a "$" can be typed as it stands. Needs `senza` on the PATH; `make demo` sees to it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

state=$(mktemp -d)
export SENZA_SANDBOX_STATE=$state # a sandbox of its own: one that you have running is left alone
export SHELL=$BASH                # `senza sandbox env` writes for the shell it believes to be in
current="(before the first command)"

clean_up() {
  code=$?
  trap - EXIT
  senza sandbox stop >/dev/null 2>&1 || true
  rm -rf "$state"
  if [ "$code" -ne 0 ]; then echo "The demo failed at: $current" >&2; fi
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

tell() { printf '\n# %s\n' "$*"; }

run() {
  current=$1
  printf '$ %s\n' "$1"
  eval "$1"
}

tell "A local AWS with a seeded account, and the settings that make the following commands use it."
run "senza sandbox start --speed 120"
run 'eval "$(senza sandbox env)"'
[ "${SENZA_SANDBOX:-}" = 1 ] # or all that follows would be done to a real account

tell "What a stack is made from: the definition, a version, and the value of its parameter ImageVersion."
run "cat definitions/hello-world.yaml"
run "senza print definitions/hello-world.yaml 1 0.1 | sed -n '1,20p'"

tell "The first version. Being created gives it no traffic; that is a step of its own."
run "senza create definitions/hello-world.yaml 1 0.1 --wait"
run "senza traffic hello-world 1 100"

tell "The second version, beside the first."
run "senza create definitions/hello-world.yaml 2 0.2 --wait"
run "senza list hello-world"
run "senza domains hello-world"

tell "Half of the traffic, then all of it. One atomic change, whatever the number of versions."
run "senza traffic hello-world 2 50"
run "senza traffic hello-world 2 100"

tell "What the second version consists of, and how it came to be."
run "senza resources hello-world 2"
run "senza events hello-world 2 | tail -n 5"

tell "The first version has no traffic any more and may go."
run "senza delete hello-world 1 --wait"
run "senza list hello-world"
run "senza traffic hello-world"

tell "The third version, in one command: a canary of 5, 25 and 100 %, watched by its metrics. The sandbox makes the load,
# and its time runs 120 times as fast as ours, so that 35 minutes of watching fit into a demo."
run "senza sandbox load hello-world --requests 5000/m --errors 4=5% --seed 1"
run "senza deploy definitions/hello-world.yaml 3 0.3"

tell "The fourth version answers 5 % of the requests with errors. It is taken back within minutes, by itself."
run "senza deploy definitions/hello-world.yaml 4 0.4 || true"
run "senza traffic hello-world"
run "senza rollout status hello-world | tail -n 12"

tell "Who did what, and how it ended."
run "senza history hello-world"

tell "And the local AWS."
run "senza sandbox stop"
tell "Done."
