# -- disks -------------------------------------------------------------------------------------------------------------
# On Nitro instances a volume is an NVMe device whose name says nothing; udev makes links that bear the volume's id
# ("Device names for volumes", EC2 User Guide).
declare -A VOLUME_OF=()

nvme_link() {
  printf '/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_%s' "${1//-/}"
}

# Definitions say /dev/sdf or /dev/xvdf for the same device.
other_name() {
  case $1 in
    /dev/xvd*) printf '/dev/sd%s' "${1#/dev/xvd}" ;;
    /dev/sd*) printf '/dev/xvd%s' "${1#/dev/sd}" ;;
    *) printf '%s' "$1" ;;
  esac
}

# volume_of NAME: the volume that is known to be that device; nothing where none is
volume_of() {
  printf '%s' "${VOLUME_OF[$1]:-${VOLUME_OF[$(other_name "$1")]:-}}"
}

# device NAME: what the kernel calls it; nothing where it is not there (yet)
device() {
  local volume candidate
  volume=$(volume_of "$1")
  for candidate in ${volume:+"$(nvme_link "$volume")"} "$1" "$(other_name "$1")"; do
    if [ -b "$candidate" ]; then
      readlink -f "$candidate"
      return
    fi
  done
}

xml_values() {
  tr -d '\n' | grep -o "<$1>[^<]*</$1>" | sed "s/<[^>]*>//g"
}

volumes_where() {
  aws_query ec2 2016-11-15 DescribeVolumes "$@"
}

# Volumes that the launch template attached: known to EC2 by the name that the definition uses.
attached_volume() {
  local answer
  answer=$(volumes_where Filter.1.Name=attachment.instance-id "Filter.1.Value.1=$INSTANCE" \
    Filter.2.Name=attachment.device "Filter.2.Value.1=$1" "Filter.2.Value.2=$(other_name "$1")") || return 0
  xml_values volumeId <<<"$answer" | head -n 1 || :
}

# await_device NAME: puts what the kernel calls it into DEVICE
await_device() {
  local name=$1 try
  for try in $(seq 60); do
    DEVICE=$(device "$name")
    [ -z "$DEVICE" ] || return 0
    if [ "$try" = 1 ] && [ -z "$(volume_of "$name")" ]; then
      VOLUME_OF[$name]=$(attached_volume "$name")
      continue
    fi
    sleep 1
  done
  die "$name: no such device"
}

# The volume may still belong to the instance that this one replaces: wait for it, five minutes.
attach() {
  local name=$1 tag=$2 deadline=$((SECONDS + 300)) zone answer volume
  zone=$(imds meta-data/placement/availability-zone) || die 'no availability zone'
  log "volume $tag as $name"
  while :; do
    answer=$(volumes_where Filter.1.Name=tag:Name "Filter.1.Value.1=$tag" \
      Filter.2.Name=attachment.instance-id "Filter.2.Value.1=$INSTANCE") || die "volume $tag: $(aws_error)"
    volume=$(xml_values volumeId <<<"$answer" | head -n 1) || :
    if [ -n "$volume" ]; then
      VOLUME_OF[$name]=$volume
      return
    fi
    answer=$(volumes_where Filter.1.Name=tag:Name "Filter.1.Value.1=$tag" Filter.2.Name=availability-zone \
      "Filter.2.Value.1=$zone" Filter.3.Name=status Filter.3.Value.1=available) || die "volume $tag: $(aws_error)"
    for volume in $(xml_values volumeId <<<"$answer" | sort -u); do
      if aws_query ec2 2016-11-15 AttachVolume "VolumeId=$volume" "InstanceId=$INSTANCE" "Device=$name" >/dev/null; then
        VOLUME_OF[$name]=$volume
        return
      fi
      # another instance was faster
      [[ $(aws_error) =~ ^(VolumeInUse|IncorrectState)$ ]] || die "volume $tag: $(aws_error)"
    done
    ((SECONDS < deadline)) || die "volume $tag: none is free in $zone"
    sleep 10
  done
}

raid() {
  local name=$1 level=$2 devices=() one
  shift 2
  [ -b "$name" ] && return
  for one in "$@"; do
    await_device "$one"
    devices+=("$DEVICE")
  done
  need mdadm mdadm
  log "RAID $level $name of ${devices[*]}"
  if mdadm --examine "${devices[0]}" >/dev/null 2>&1; then
    quietly mdadm --assemble "$name" "${devices[@]}" || die "$name: $(last_line)"
  else
    quietly mdadm --create "$name" --run --level="$level" --raid-devices=${#devices[@]} "${devices[@]}" ||
      die "$name: $(last_line)"
  fi
}

tagged_for_erasure() {
  local volume answer
  volume=$(volume_of "$1")
  [ -n "$volume" ] || return 1
  answer=$(volumes_where "VolumeId.1=$volume" Filter.1.Name=tag:Taupage:erase-on-boot Filter.1.Value.1=True \
    Filter.1.Value.2=true) || die "tags of $volume: $(aws_error)"
  grep -q "$volume" <<<"$answer"
}

format() {
  case $2 in
    xfs)
      need mkfs.xfs xfsprogs
      quietly mkfs.xfs -q -f "$1"
      ;;
    *) quietly "mkfs.$2" -q -F "$1" ;;
  esac || die "$1: $(last_line)"
}

# Status 1 says that errors were corrected (e2fsck(8)).
check_and_grow() {
  case $2 in
    ext*)
      quietly e2fsck -p -f "$1" || [ $? = 1 ] || die "$1: file system check failed"
      quietly resize2fs "$1" || die "$1: cannot grow: $(last_line)"
      ;;
  esac
}

mount_one() {
  local path=$1 partition=$2 filesystem=$3 erase=$4 options=$5 found present place=/mounts$1
  await_device "$partition"
  found=$DEVICE
  if mountpoint -q "$place"; then
    log "$place is mounted"
    return
  fi
  [ "$erase" != tag ] || { tagged_for_erasure "$partition" && erase=true; } || erase=false
  present=$(blkid -p -o value -s TYPE "$found" 2>/dev/null) || present=
  if [ -z "$present" ] || [ "$erase" = true ]; then
    log "$partition ($found): making $filesystem"
    format "$found" "$filesystem"
  elif [ "$present" != "$filesystem" ]; then
    die "$partition holds $present, not $filesystem"
  fi
  check_and_grow "$found" "$filesystem"
  install -d -m 0755 "$place"
  quietly mount -t "$filesystem" ${options:+-o "$options"} "$found" "$place" || die "mount $path: $(last_line)"
  MOUNTED=yes
  [ "$filesystem" != xfs ] || quietly xfs_growfs "$place" || die "$path: cannot grow: $(last_line)"
  # a new file system belongs to root, whom the container is not
  [ "$(conf .root)" = true ] || [ "$(stat -c %u "$place")" != 0 ] || chown 999:999 "$place"
  log "$path: $partition ($found)"
}

disks() {
  local all members
  list all '.ebs // {} | to_entries[] | .key, .value'
  [ "$(conf '(.ebs // {} | length) + (.raid // {} | length) + (.mounts // [] | length)')" = 0 ] || step disks
  for ((i = 0; i < ${#all[@]}; i += 2)); do attach "${all[i]}" "${all[i + 1]}"; done
  list all '.raid // {} | to_entries[] | .key, .value.level'
  for ((i = 0; i < ${#all[@]}; i += 2)); do
    list members ".raid | to_entries[$((i / 2))].value.devices[]"
    raid "${all[i]}" "${all[i + 1]}" "${members[@]}"
  done
  list all '.mounts // [] | .[] | .path, .partition, .filesystem, .erase, .options'
  for ((i = 0; i < ${#all[@]}; i += 5)); do mount_one "${all[@]:i:5}"; done
}
