#!/bin/bash
# Runs the container of this instance. Made by senza; systemd starts it at every boot, and every step may be repeated.
set -Eeuo pipefail
export LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022

INSTALLED=/opt/senza     # what the user data brought: boot, config.json, values, routes
STATE=/var/lib/senza     # what later boots must know
RUN=/run/senza           # in memory, for root alone: secrets are in no other place
LOG=/var/log/senza-boot.log
CONTAINER=taupageapp
STEP=start
SHIP_GROUP=

log() {
  printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" | tee -a "$LOG"
}

step() {
  STEP=$1
  log "== $1"
}

# The first reason that is given is the cause.
die() {
  [ -s "$RUN/reason" ] || printf '%s' "$*" >"$RUN/reason"
  exit 1
}

# Runs a command whose output matters only when it fails.
quietly() {
  "$@" >"$RUN/output" 2>&1 && return
  local status=$?
  tail -n 20 "$RUN/output" | while IFS= read -r line; do log "   $line"; done
  return "$status"
}

last_line() {
  grep -v '^ *$' "$RUN/output" | tail -n 1
}

# -- instance metadata, IMDSv2 ("Use the Instance Metadata Service", EC2 User Guide) -----------------------------------
IMDS=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}

imds_session() {
  local token
  token=$(curl -sS -f -m 5 --retry 8 --retry-connrefused --noproxy '*' -X PUT \
    -H 'X-aws-ec2-metadata-token-ttl-seconds: 21600' "$IMDS/latest/api/token") || die 'no instance metadata'
  printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$token" >"$RUN/imds"
}

imds() {
  curl -sS -f -m 5 --retry 3 --noproxy '*' -K "$RUN/imds" "$IMDS/latest/$1"
}

identity() {
  imds_session
  INSTANCE=$(imds meta-data/instance-id) || die 'no instance id'
  REGION=$(imds meta-data/placement/region) || die 'no region'
  DOMAIN=$(imds meta-data/services/domain 2>/dev/null) || DOMAIN=amazonaws.com
}

# -- AWS, signed by curl with the credentials of the instance's role ----------------------------------------------------
json_field() {
  sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" "$2" | head -n 1
}

# They are renewed by EC2 hours before they end, so they are read anew each time. A file, since others see arguments.
credentials() {
  local role
  role=$(imds meta-data/iam/security-credentials/ 2>/dev/null) && [ -n "$role" ] || die 'the instance has no IAM role'
  imds "meta-data/iam/security-credentials/${role%%$'\n'*}" >"$RUN/role.json" || die 'no credentials of the IAM role'
  {
    printf 'user = "%s:%s"\n' "$(json_field AccessKeyId "$RUN/role.json")" "$(json_field SecretAccessKey "$RUN/role.json")"
    printf 'header = "x-amz-security-token: %s"\n' "$(json_field Token "$RUN/role.json")"
  } >"$RUN/aws"
  rm -f "$RUN/role.json"
}

endpoint() {
  local host=$1
  [ "$host" = ecr ] && host=api.ecr
  printf '%s' "${AWS_ENDPOINT_URL:-https://$host.$2.$DOMAIN}/"
}

aws_error() {
  cat "$RUN/aws-error"
}

# aws_request REGION SERVICE CURL-ARGUMENTS...: prints the answer. Tries again what is worth it.
aws_request() {
  local region=$1 service=$2 status pause error
  shift 2
  credentials
  for pause in 1 2 4 8 0; do
    status=$(curl -sS -m 30 --aws-sigv4 "aws:amz:$region:$service" -K "$RUN/aws" -o "$RUN/answer" \
      -w '%{http_code}' "$@" "$(endpoint "$service" "$region")" 2>"$RUN/curl-error") || status=000
    case $status in
      2??)
        cat "$RUN/answer"
        return
        ;;
      000)
        tr -d '\n' <"$RUN/curl-error" >"$RUN/aws-error"
        ;;
      *)
        error=$(json_field __type "$RUN/answer")
        [ -n "$error" ] || error=$(sed -n 's/.*<Code>\([^<]*\)<.*/\1/p' "$RUN/answer")
        error=${error##*#}
        printf '%s' "${error:-HTTP $status}" >"$RUN/aws-error"
        case $status in
          429 | 5??) ;;
          *) grep -qiE 'throttl|RequestLimitExceeded|TooManyRequests' "$RUN/answer" || return 1 ;;
        esac
        ;;
    esac
    [ "$pause" = 0 ] || sleep "$pause"
  done
  return 1
}

# aws_json REGION SERVICE TARGET, the JSON of the request on its standard input
aws_json() {
  cat >"$RUN/request"
  aws_request "$1" "$2" -H "X-Amz-Target: $3" -H 'Content-Type: application/x-amz-json-1.1' --data-binary "@$RUN/request"
}

# aws_query SERVICE VERSION ACTION NAME=VALUE...
aws_query() {
  local service=$1 form=(--data-urlencode "Version=$2" --data-urlencode "Action=$3") pair
  shift 3
  for pair in "$@"; do form+=(--data-urlencode "$pair"); done
  aws_request "$REGION" "$service" "${form[@]}"
}
