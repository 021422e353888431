# -- what the user data said -------------------------------------------------------------------------------------------
# Line N of the file is what the N-th CloudFormation function stood for, in base64: no value can end its quotes. The
# first two are the stack and the resource to signal.
value() {
  sed -n "$1p" "$INSTALLED/values" | base64 -d
}

load_config() {
  local line
  while IFS= read -r line; do
    base64 -d <<<"$line" | jq -Rs .
  done <"$INSTALLED/values" | jq -s . >"$RUN/values.json"
  jq --slurpfile all "$RUN/values.json" '
    .mark as $mark | .config
    | walk(if type == "string" then
        split($mark) | .[0:1] + (.[1:] | map(index("x") as $i | ($all[0][.[0:$i] | tonumber]) + .[$i + 1:])) | join("")
      else . end)' "$INSTALLED/config.json" >"$RUN/config.json" || die 'the configuration is broken'
}

# conf FILTER ARGUMENTS-OF-JQ...: text of the configuration
conf() {
  jq -r "$@" "$RUN/config.json"
}

# list ARRAY FILTER: the texts that the filter gives, whatever is in them
list() {
  mapfile -d '' -t "$1" < <(jq -j "[$2] | .[] | (., \"\\u0000\")" "$RUN/config.json")
}

routes() {
  [ -s "$INSTALLED/routes" ] || return 0
  step routes
  local mac subnet gateway
  mac=$(imds meta-data/mac) || die 'no MAC address'
  subnet=$(imds "meta-data/network/interfaces/macs/$mac/subnet-id") || die 'no subnet id'
  gateway=$(awk -v subnet="$subnet" '$1 == subnet { print $2 }' "$INSTALLED/routes")
  [ -n "$gateway" ] || return 0
  log "default route by $gateway"
  quietly ip route replace default via "$gateway" || die "route by $gateway: $(last_line)"
}

# -- programs that the image lacks -------------------------------------------------------------------------------------
install_packages() {
  log "installing $*"
  local try
  for try in 1 2 3 4; do
    if command -v dnf >/dev/null; then
      quietly dnf -y -q install "$@" && return
    elif command -v apt-get >/dev/null; then
      quietly apt-get -q -o DPkg::Lock::Timeout=300 update &&
        quietly env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
          --no-install-recommends install "$@" && return
    else
      die "the image has no $*, and no dnf or apt-get to install it"
    fi
    [ "$try" = 4 ] || sleep $((try * 5))
  done
  die "cannot install $*"
}

need() {
  command -v "$1" >/dev/null || install_packages "$2"
}

# Docker of the image, else of its distribution.
docker_package() {
  if command -v apt-get >/dev/null; then echo docker.io; else echo docker; fi
}

programs() {
  step programs
  need jq jq
  need docker "$(docker_package)"
}

docker_daemon() {
  step docker
  # started here and not by itself: it would start the container again before the disks are there
  quietly systemctl disable docker.service || log "docker.service: $(last_line)"
  quietly systemctl start docker.service || die "docker: $(last_line)"
  local try
  for try in $(seq 60); do
    docker version >/dev/null 2>&1 && return
    [ "$try" = 60 ] || sleep 1
  done
  die 'docker does not answer'
}

# -- users, SSH, kernel ------------------------------------------------------------------------------------------------
users() {
  local user expiry=1
  user=$(conf .user)
  [ "$(conf .keep_user)" = true ] && expiry=
  if id "$user" >/dev/null 2>&1; then
    log "$user may ${expiry:+not }log in"
    quietly usermod --expiredate "$expiry" "$user" || die "user $user: $(last_line)"
  fi
  [ "$(conf '.sshd | length')" != 0 ] || return 0
  install -d -m 0755 /etc/ssh/sshd_config.d
  conf '.sshd[]' >/etc/ssh/sshd_config.d/10-senza.conf
  systemctl daemon-reload || :
  local unit
  for unit in ssh.socket ssh.service sshd.service; do
    systemctl try-restart "$unit" >/dev/null 2>&1 || :
  done
}

kernel() {
  step kernel
  local pairs file setting
  list pairs '.sysctl // {} | to_entries[] | .key, .value'
  for ((i = 0; i < ${#pairs[@]}; i += 2)); do
    log "sysctl ${pairs[i]}"
    quietly sysctl -q -w "${pairs[i]}=${pairs[i + 1]}" || die "sysctl ${pairs[i]}: $(last_line)"
  done
  list pairs '.sysfs // {} | to_entries[] | .key, .value'
  for ((i = 0; i < ${#pairs[@]}; i += 2)); do
    setting=${pairs[i]#/sys/}
    file=$(realpath -e "/sys/$setting" 2>/dev/null) || die "sysfs $setting: no such file"
    [[ $file == /sys/* ]] || die "sysfs $setting: not below /sys"
    log "sysfs $setting"
    printf '%s' "${pairs[i + 1]}" 2>"$RUN/output" >"$file" || die "sysfs $setting: cannot be written"
  done
}

# -- host: logs and metrics --------------------------------------------------------------------------------------------
host_logs() {
  local rotation
  rotation=$(conf '.logrotate // ""')
  if [ "$(conf .custom_log)" = true ]; then
    install -d -m 1777 /var/log-custom
  fi
  if [ -n "$rotation" ]; then
    need logrotate logrotate
    printf '%s\n' "$rotation" >/etc/logrotate.d/senza-custom
    chmod 0644 /etc/logrotate.d/senza-custom
  fi
  [ "$(conf '.agent == null')" = true ] && return
  step 'logs and metrics of the host'
  local control=/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl
  [ -x "$control" ] || install_packages amazon-cloudwatch-agent
  conf .agent >"$INSTALLED/agent.json"
  quietly "$control" -a fetch-config -m ec2 -s -c "file:$INSTALLED/agent.json" || die "cloudwatch agent: $(last_line)"
}

# Whether this boot mounted what the container has to see.
MOUNTED=

# -- what the container may read ---------------------------------------------------------------------------------------
meta() {
  step meta
  install -d -m 0755 /meta
  conf '.meta + {environment: (.environment // {})}' >"$RUN/meta.json"
  install -m 0444 "$RUN/meta.json" /meta/.taupage.yaml
  mv -f /meta/.taupage.yaml /meta/taupage.yaml
}
