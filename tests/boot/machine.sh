#!/bin/bash
# The throw-away machine: runs as the first process of its own mount, network, process, host name and IPC namespaces.
# It has the programs of TOOLS and of this computer, and its changes are in memory; it ends when its standard input does.
#   machine.sh TOOLS ROOT FILES
# ROOT: an empty directory to mount it on. FILES: a directory whose content goes on top.
set -euo pipefail
tools=$1 root=$2 files=$3

mount --make-rprivate /
mount -t tmpfs -o size=2g,mode=0755 machine "$root"
mkdir "$root/upper" "$root/work" "$root/merged" "$root/docker"
cp -a "$files/." "$root/upper/"
mount --bind "$root/merged" "$root/merged" # pivot_root wants a mount point
cd "$root/merged"
mkdir -m 0755 usr etc var var/lib var/log opt home mnt mnt/old proc sys dev run tmp srv
mkdir -m 0700 root
for name in bin sbin lib lib32 lib64; do [ ! -L "/$name" ] || ln -s "usr/$name" "$name"; done
# programs and settings of this computer, and nothing else of it
for name in usr etc; do
  mkdir -p "$root/work/$name" "$root/upper/$name"
  mount -t overlay -o "lowerdir=$tools/$name:/$name,upperdir=$root/upper/$name,workdir=$root/work/$name" machine "$name"
done

mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o nosuid,nodev,noexec sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount -t tmpfs -o mode=0755 tmpfs dev
mkdir -p dev/pts dev/shm dev/disk/by-id
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/random c 1 8
mknod -m 666 dev/urandom c 1 9
mknod -m 666 dev/tty c 5 0
touch dev/console
mount -t tmpfs -o mode=0755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p var/lib/docker var/lib/containerd mnt/old
mount --bind "$root/docker" var/lib/docker
hostname machine

ip link set lo up
ip address add 169.254.169.254/32 dev lo

pivot_root . mnt/old
exec </dev/stdin
cd /
umount -l /mnt/old
echo ready
# as the first process: wait for the end of input, and for orphans
while IFS= read -r _; do :; done
