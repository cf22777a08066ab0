#!/bin/sh
# A role and a database for each service, when the server's data is made. Run by the image's own entry point.
set -eu
run() { psql --quiet --no-psqlrc -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" "$@"; }

# New databases are copies of template1, so extensions are made once.
for extension in btree_gin btree_gist cube fuzzystrmatch pg_trgm unaccent; do
  run --dbname template1 --command "CREATE EXTENSION IF NOT EXISTS $extension"
done
for service in auth bookings catalog practitioners payments reviews locations media notifications streams; do
  password=$(printenv "PASSWORD_$(echo "$service" | tr '[:lower:]' '[:upper:]')")
  run --dbname postgres -v role="estuary_$service" -v password="$password" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role";
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
SQL
done
