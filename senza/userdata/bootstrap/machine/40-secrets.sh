# -- secrets -----------------------------------------------------------------------------------------------------------
IS_SECRET='type == "string" and test("^aws:(kms|ssm|secretsmanager):")'
SECRET_FILES=()

region_of() {
  if [[ $1 =~ ^arn:[^:]*:[^:]*:([^:]+): ]]; then printf '%s' "${BASH_REMATCH[1]}"; else printf '%s' "$REGION"; fi
}

# resolve NAME REFERENCE FILE
resolve() {
  local name=$1 what=${2#aws:*:} file=$3 key='' request answer
  case $2 in
    aws:kms:*)
      request=$(jq -n --arg blob "$what" '{CiphertextBlob: $blob}')
      answer=$(aws_json "$REGION" kms TrentService.Decrypt <<<"$request") || die "$name: kms $(aws_error)"
      jq -r .Plaintext <<<"$answer" | base64 -d >"$file"
      ;;
    aws:ssm:*)
      request=$(jq -n --arg name "$what" '{Name: $name, WithDecryption: true}')
      answer=$(aws_json "$(region_of "$what")" ssm AmazonSSM.GetParameter <<<"$request") || die "$name: ssm $(aws_error)"
      jq -j .Parameter.Value <<<"$answer" >"$file"
      ;;
    aws:secretsmanager:*)
      [[ $what == *'#'* ]] && key=${what##*'#'}
      request=$(jq -n --arg id "${what%'#'*}" '{SecretId: $id}')
      answer=$(aws_json "$(region_of "$what")" secretsmanager secretsmanager.GetSecretValue <<<"$request") ||
        die "$name: secretsmanager $(aws_error)"
      if [ -n "$key" ]; then
        jq -j --arg key "$key" '.SecretString | fromjson | .[$key] | if type == "string" then . elif . == null then
          error("none") else tojson end' <<<"$answer" >"$file" 2>/dev/null || die "$name: the secret has no key $key"
      elif [ "$(jq 'has("SecretString")' <<<"$answer")" = true ]; then
        jq -j .SecretString <<<"$answer" >"$file"
      else
        jq -r .SecretBinary <<<"$answer" | base64 -d >"$file"
      fi
      ;;
  esac
  rm -f "$RUN/request" "$RUN/answer"
  SECRET_FILES+=("$file")
}

# What secrets hold is made unreadable in a text on its way to a log.
masked() {
  local all secret line
  all=$(cat)
  for secret in "${SECRET_FILES[@]}"; do
    [ -f "$secret" ] || continue
    while IFS= read -r line || [ -n "$line" ]; do
      [ ${#line} -lt 4 ] || all=${all//"$line"/****}
    done <"$secret"
  done
  printf '%s\n' "$all"
}

# Files for the container, in memory, and read-only: a container that may read /meta may not change it.
credential_files() {
  local pairs owner=999
  list pairs '.credentials // {} | to_entries[] | .key, .value'
  [ "$(conf .root)" = true ] && owner=0
  install -d -m 0755 /meta/credentials
  [ ${#pairs[@]} != 0 ] || return 0
  step credentials
  if ! mountpoint -q /meta/credentials; then
    mount -t tmpfs -o mode=0755,size=16m,nosuid,nodev,noexec senza /meta/credentials
    MOUNTED=yes
  fi
  mount -o remount,rw /meta/credentials
  for ((i = 0; i < ${#pairs[@]}; i += 2)); do
    log "${pairs[i]}"
    resolve "${pairs[i]}" "${pairs[i + 1]}" "$RUN/secrets/file-$i"
    install -m 0400 -o "$owner" -g "$owner" "$RUN/secrets/file-$i" "/meta/credentials/${pairs[i]}"
  done
  mount -o remount,ro /meta/credentials
}

# VARIABLES: arguments of docker run. Plain values stand in them; those of secrets are in $RUN/docker.env or, since its
# lines are values as they are, in the environment of docker itself where they have more than one line.
VARIABLES=()
EXPORTS=()
environment() {
  step environment
  local pairs name value
  list pairs ".environment // {} | to_entries[] | select(.value | $IS_SECRET | not) | .key, .value"
  for ((i = 0; i < ${#pairs[@]}; i += 2)); do VARIABLES+=(-e "${pairs[i]}=${pairs[i + 1]}"); done
  : >"$RUN/docker.env"
  list pairs ".environment // {} | to_entries[] | select(.value | $IS_SECRET) | .key, .value"
  for ((i = 0; i < ${#pairs[@]}; i += 2)); do
    name=${pairs[i]}
    log "$name: ${pairs[i + 1]%%:*}:$(cut -d: -f2 <<<"${pairs[i + 1]}")"
    resolve "$name" "${pairs[i + 1]}" "$RUN/secrets/variable-$i"
    IFS= read -r -d '' value <"$RUN/secrets/variable-$i" && die "$name: no variable can hold a zero byte"
    if [[ $value != *[$'\n\r']* ]] && [ ${#value} -lt 60000 ]; then
      printf '%s=%s\n' "$name" "$value" >>"$RUN/docker.env"
    elif [[ $name =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] && ! is_ours "$name"; then
      VARIABLES+=(-e "$name")
      EXPORTS+=("$name" "$RUN/secrets/variable-$i")
    else
      die "$name: a secret of more than one line needs another name"
    fi
  done
  VARIABLES+=(--env-file "$RUN/docker.env")
}

# Variables that mean something to docker or to this shell.
is_ours() {
  case $1 in
    PATH | HOME | IFS | LC_* | LD_* | GO* | DOCKER_* | BASH* | SHELLOPTS | UID | EUID | PPID | *_proxy | *_PROXY) return 0 ;;
    *) declare -p "$1" >/dev/null 2>&1 ;;
  esac
}
