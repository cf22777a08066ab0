#!/bin/sh
# What the official image's entry point does, as far as docker-compose.yml relies on it.
set -eu
chown -R rabbitmq /var/lib/rabbitmq
echo '[rabbitmq_management].' > /etc/rabbitmq/enabled_plugins
printf 'default_user = %s\ndefault_pass = %s\nloopback_users = none\n' "$RABBITMQ_DEFAULT_USER" "$RABBITMQ_DEFAULT_PASS" \
  > /etc/rabbitmq/rabbitmq.conf
[ -f /var/lib/rabbitmq/.erlang.cookie ] || (umask 077 && head -c 15 /dev/urandom | base64 > /var/lib/rabbitmq/.erlang.cookie)
chown rabbitmq /var/lib/rabbitmq/.erlang.cookie /etc/rabbitmq/rabbitmq.conf
export HOME=/var/lib/rabbitmq RABBITMQ_LOGS=-
exec setpriv --reuid rabbitmq --regid rabbitmq --clear-groups /usr/lib/rabbitmq/bin/rabbitmq-server
