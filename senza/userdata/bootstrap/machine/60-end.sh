# -- the end: tell what became of it -----------------------------------------------------------------------------------
# SignalResource has no field for a reason, but events of the stack show the id of the signal, which may have 64
# characters. One that is refused is sent again with the instance's id alone.
signal() {
  local status=$1 id=$INSTANCE stack resource try
  stack=$(value 1) && resource=$(value 2)
  if [ -z "$stack" ] || [ -e "$STATE/signalled" ]; then return 0; fi
  [ "$status" = SUCCESS ] || id=$(printf '%s %s' "$INSTANCE" "$2" | tr -c '[:print:]' ' ' | cut -c 1-64 | sed 's/ *$//')
  log "signal $status to $stack $resource as $id"
  for try in "$id" "$INSTANCE" "$INSTANCE"; do
    if send_signal "$stack" "$resource" "$status" "$try"; then break; fi
    # ValidationError: the stack waits for nothing (any more)
    [ "$(aws_error)" = ValidationError ] || sleep 10
  done
  : >"$STATE/signalled"
}

send_signal() {
  aws_query cloudformation 2010-05-15 SignalResource "StackName=$1" "LogicalResourceId=$2" "Status=$3" "UniqueId=$4" \
    >/dev/null || {
    log "signal: $(aws_error)"
    return 1
  }
}

container_log() {
  docker logs --tail 30 "$CONTAINER" >"$RUN/output" 2>&1 || return 0
  log "the container's last lines:"
  masked <"$RUN/output" | while IFS= read -r line; do log "   $line"; done
}

# The log of this boot, next to that of the container; what is older than this boot was sent before.
ship_log() {
  [ -n "$SHIP_GROUP" ] || return 0
  local stream="boot/$INSTANCE" request
  request=$(jq -n --arg group "$SHIP_GROUP" --arg stream "$stream" '{logGroupName: $group, logStreamName: $stream}')
  aws_json "$REGION" logs Logs_20140328.CreateLogStream <<<"$request" >/dev/null ||
    [ "$(aws_error)" = ResourceAlreadyExistsException ] || log "log group $SHIP_GROUP: $(aws_error)"
  tail -n +"$((LOG_START + 1))" "$LOG" | tail -n 500 | cut -c 1-2000 | jq -Rn --argjson request "$request" '
    $request + {logEvents: [inputs | select(. != "") | {message: ., timestamp: (.[0:20] | fromdateiso8601 * 1000)}]}' |
    aws_json "$REGION" logs Logs_20140328.PutLogEvents >/dev/null || log "log group $SHIP_GROUP: $(aws_error)"
}

shut_down() {
  log 'shutting down'
  sync
  shutdown -h +1 || systemctl poweroff
}

finish() {
  local status=$? reason=''
  trap - EXIT
  set +e
  if [ "$status" != 0 ]; then
    reason=$(cat "$RUN/reason" 2>/dev/null)
    reason=${reason:-$STEP failed}
    log "FAILED: $reason"
    container_log
  fi
  rm -rf "${RUN:?}/secrets" "${RUN:?}/docker" "${RUN:?}/docker.env" "${RUN:?}/output"
  if [ -n "${REGION:-}" ]; then
    (ship_log)
    if [ "$status" = 0 ]; then (signal SUCCESS); else (signal FAILURE "$reason"); fi
  fi
  [ "$status" = 0 ] || [ "$(conf '.shutdown // ""' 2>/dev/null)" != on-exit ] || shut_down
  rm -f "$RUN/aws" "$RUN/imds" "$RUN/request" "$RUN/answer"
  exit "$status"
}

# Runs beside, as long as the container does: docker wait ends with each run of a container that is restarted.
await_end() {
  local state
  while :; do
    docker wait "$CONTAINER" >/dev/null 2>&1 || :
    sleep 2
    state=$(container_state) || return 0
    [[ $state =~ ^(exited|dead)\ ([0-9]+) ]] || continue
    [ "$1" = on-success ] && [ "${BASH_REMATCH[2]}" != 0 ] && return
    shut_down
    return
  done
}

watch_for_end() {
  local when
  when=$(conf .shutdown)
  [ "$when" != never ] || return 0
  step "shutdown $when"
  quietly systemd-run --collect --unit=senza-shutdown /bin/bash "$INSTALLED/boot" await-end "$when" ||
    log "cannot watch for the end of the container: $(last_line)"
}

main() {
  if [ "${1:-}" = await-end ]; then
    await_end "$2"
    return
  fi
  install -d -m 0700 "$RUN" "$RUN/secrets" "$STATE"
  rm -f "$RUN/reason"
  touch "$LOG"
  chmod 0640 "$LOG"
  LOG_START=$(wc -l <"$LOG")
  trap finish EXIT
  trap 'die "$STEP: stopped"' TERM INT
  log "senza: this instance is to run a container"
  identity
  routes
  programs
  load_config
  SHIP_GROUP=$(conf '.log_group // ""')
  step users
  users
  kernel
  if declare -F disks >/dev/null; then disks; fi # left out of the user data of instances without disks
  docker_daemon
  meta
  credential_files
  host_logs
  start_container
  await_health
  await_balancer
  watch_for_end
  log 'done'
}

main "$@"
