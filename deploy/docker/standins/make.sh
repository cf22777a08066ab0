#!/bin/sh
# Base images where no registry can be reached: Debian's own packages, by debootstrap and docker import. For trying the
# containers out on such a machine, as root; what they run is Debian's PostgreSQL and RabbitMQ, and moto for S3.
set -eu
mirror=${MIRROR:-$(sed -n 's/^URIs: //p; s/^deb \([^ ]*\) .*/\1/p' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | head -1)}
folder=${FOLDER:-$(mktemp -d)}
here=$(cd "$(dirname "$0")" && pwd)

make() { # name, packages
  root=$folder/$1
  [ -d "$root" ] || debootstrap --variant=minbase --include="$2" bookworm "$root" "$mirror" > "$folder/$1.log"
  # What signs for this machine's mirrors is believed inside too.
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  tar --directory "$root" --exclude='./proc/*' --exclude='./var/cache/apt/archives/*.deb' --create . \
    | docker import - "estuary-standin/$1:bookworm"
}

make base python3,python3-venv,ca-certificates
make postgresql postgresql-15
make rabbitmq rabbitmq-server,curl
docker build --network host --tag estuary-standin/s3:bookworm - < "$here/s3.Dockerfile"
