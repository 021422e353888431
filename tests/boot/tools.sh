#!/usr/bin/env bash
# Fetches what the tests in this folder boot with (Docker, cloud-init...) as Debian packages and unpacks it below
# .venv/boot-tools. Nothing is installed: the tests lay these files over the root file system of their throw-away machine.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
to=${1:-$here/.venv/boot-tools}
packages=(docker.io iptables cloud-init jq busybox-static)

[ ! -e "$to/ready" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
  echo 'boot tools: this needs root and apt; the tests in tests/boot will be skipped'
  exit 0
fi
mkdir -p "$to/debs/partial" "$to/root/usr/bin" "$to/root/usr/sbin" "$to/root/usr/lib"
# /bin is a link to /usr/bin on today's systems, and a directory in today's packages
for name in bin sbin lib; do ln -sfn "usr/$name" "$to/root/$name"; done
fetch() {
  timeout 180 apt-get -qq -y --download-only --no-install-recommends -o Dir::Cache::archives="$to/debs" \
    -o Acquire::Retries=2 install "${packages[@]}" </dev/null
}
# what is installed already is on the machine's root file system as it is
if ! fetch >"$to/log" 2>&1 && ! { timeout 120 apt-get -qq update && fetch; } >"$to/log" 2>&1; then
  echo "boot tools: apt cannot fetch ${packages[*]} (see $to/log); the tests in tests/boot will be skipped"
  exit 0
fi
for package in "$to"/debs/*.deb; do
  # the machine has no systemd of its own
  case $(basename "$package") in systemd* | udev* | libpam* | libnss* | libsystemd* | libudev*) continue ;; esac
  dpkg-deb --fsys-tarfile "$package" | tar --extract --keep-directory-symlink --directory="$to/root"
done
touch "$to/ready"
