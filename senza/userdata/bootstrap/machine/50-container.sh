# -- the container -----------------------------------------------------------------------------------------------------
ECR='^([0-9]{12})\.dkr\.ecr(-fips)?\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?/'

# Credentials for the registry, in $RUN/docker and gone when the image is there.
login() {
  local image=$1 config answer
  install -d -m 0700 "$RUN/docker"
  config=$(conf '.dockercfg // "" | if type == "object" then tojson else . end')
  if [[ $config =~ ^aws:(kms|ssm|secretsmanager): ]]; then
    step 'registry login'
    resolve dockercfg "$config" "$RUN/secrets/dockercfg"
    config=$(cat "$RUN/secrets/dockercfg")
  fi
  if [ -n "$config" ]; then
    # the older format has no "auths" around the registries
    jq 'if has("auths") then . else {auths: .} end' <<<"$config" >"$RUN/docker/config.json" 2>/dev/null ||
      die 'dockercfg is no JSON'
  elif [[ $image =~ $ECR ]]; then
    step 'registry login'
    answer=$(aws_json "${BASH_REMATCH[3]}" ecr AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken <<<'{}') ||
      die "ecr: $(aws_error)"
    jq --arg registry "${image%%/*}" '{auths: {($registry): {auth: .authorizationData[0].authorizationToken}}}' \
      <<<"$answer" >"$RUN/docker/config.json"
  fi
}

pull() {
  local image=$1 try
  step "image $image"
  docker image inspect "$image" >/dev/null 2>&1 && return
  login "$image"
  for try in 1 2 3; do
    quietly timeout 600 docker --config "$RUN/docker" pull -q "$image" && break
    if [ "$try" = 3 ] || grep -qiE 'not found|unknown|denied|unauthorized|invalid' "$RUN/output"; then
      die "pull: $(last_line | sed 's/^Error response from daemon: //')"
    fi
    sleep $((try * 5))
  done
  rm -rf "${RUN:?}/docker"
}

run_container() {
  local arguments=() image shown=() one before=
  list arguments '.run[]'
  image=$(conf .image)
  pull "$image"
  environment
  [[ " ${arguments[*]} " != *' --log-driver=awslogs '* ]] ||
    arguments+=("--log-opt=awslogs-region=$REGION" "--log-opt=awslogs-stream=$INSTANCE")
  for one in "${arguments[@]}" "${VARIABLES[@]}"; do
    [ "$before" = -e ] && [[ $one == *=* ]] && shown+=("${one%%=*}=…") || shown+=("$one")
    before=$one
  done
  step 'docker run'
  log "docker run ${shown[*]} $image"
  (
    for ((i = 0; i < ${#EXPORTS[@]}; i += 2)); do
      IFS= read -r -d '' "${EXPORTS[i]?}" <"${EXPORTS[i + 1]}" || :
      export "${EXPORTS[i]?}"
    done
    exec docker run "${arguments[@]}" "${VARIABLES[@]}" "$image"
  ) >"$RUN/output" 2>&1 || {
    masked <"$RUN/output" | while IFS= read -r one; do log "   $one"; done
    die "docker run: $(grep -o 'Error response from daemon: .*' "$RUN/output" | sed 's/^[^:]*: //' || last_line)"
  }
}

start_container() {
  if docker container inspect "$CONTAINER" >/dev/null 2>&1; then
    step 'docker start'
    # one that runs already does not see what was mounted since
    [ -z "$MOUNTED" ] || quietly docker stop "$CONTAINER" || die "docker stop: $(last_line)"
    quietly docker start "$CONTAINER" || die "docker start: $(last_line)"
  else
    run_container
  fi
  rm -f "$RUN/docker.env"
}

container_state() {
  docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}' "$CONTAINER"
}

# -- health ------------------------------------------------------------------------------------------------------------
await_health() {
  local path port deadline code state
  path=$(conf '.health.path // ""')
  step 'health check'
  if [ -z "$path" ]; then
    stays_up
    return
  fi
  port=$(conf .health.port)
  deadline=$((SECONDS + $(conf '.health.timeout | tonumber')))
  log "http://localhost:$port/${path#/}"
  while :; do
    code=$(curl -s -g -m 5 -o /dev/null -w '%{http_code}' --noproxy '*' "http://localhost:$port/${path#/}") || :
    [ "$code" != 200 ] || break
    state=$(container_state)
    [[ ! $state =~ ^(exited|dead)\ ([0-9]+) ]] || die "container exited with ${BASH_REMATCH[2]}"
    if ((SECONDS >= deadline)); then
      [[ ! $state =~ ^restarting\ ([0-9]+) ]] || die "container exits with ${BASH_REMATCH[1]}"
      [ "$code" = 000 ] && die 'health check: no answer'
      die "health check: HTTP $code"
    fi
    sleep 2
  done
  log 'healthy'
}

# Without a health check the container has to be up for five seconds, or to have done its work.
stays_up() {
  local up=0 status code restarts failure=0 before=0
  while ((up < 5)); do
    read -r status code restarts < <(container_state)
    case $status in
      running) up=$((up + 1)) ;;
      exited | dead)
        [ "$code" = 0 ] || die "container exited with $code"
        log 'the container has done its work'
        return
        ;;
      *) up=0 ;;
    esac
    [ "$restarts" = "$before" ] || up=0
    before=$restarts
    [ "$code" = 0 ] || failure=$code # a container that runs has none
    if ((restarts >= 3 && failure != 0)); then die "container exits with $failure"; fi
    sleep 1
  done
  log 'the container is up'
}

await_balancer() {
  local name answer deadline=$((SECONDS + 300))
  name=$(conf '.balancer // ""')
  [ -n "$name" ] || return 0
  step "load balancer $name"
  while :; do
    answer=$(aws_query elasticloadbalancing 2012-06-01 DescribeInstanceHealth "LoadBalancerName=$name" \
      "Instances.member.1.InstanceId=$INSTANCE") || die "load balancer: $(aws_error)"
    [ "$(xml_values State <<<"$answer")" != InService ] || return 0
    ((SECONDS < deadline)) || die 'not in service at the load balancer'
    sleep 5
  done
}
