#!/bin/sh
# Makes the secrets of docker/compose.yaml in docker/secrets/, and leaves alone what is there:
#
#   sh docker/make-secrets.sh
#
# camera.key        the key that URLs of cameras and webhooks are sealed with. Keep a copy: without it both must be added anew.
# data.key          the key that vectors and pictures of faces are sealed with once `encryption on` was run. Keep a copy:
#                   without it they are lost.
# facestream.toml   where Redis is, with the password.
# users.acl         who may do what in Redis, with hashes of the passwords.
# admin.password    of the user `admin` of Redis, for people. No container gets it.
#
# The folder is its owner's alone. The files that containers read are readable, as these run as users of their own.
# To change the passwords: delete users.acl, run this again, and recreate the containers.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

word() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
hash() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }

if [ ! -e secrets/camera.key ]; then
  head -c 32 /dev/urandom | base64 > secrets/camera.key
fi
if [ ! -e secrets/data.key ]; then
  head -c 32 /dev/urandom | base64 > secrets/data.key
fi
if [ ! -e secrets/facestream.toml ] || [ ! -e secrets/users.acl ] || [ ! -e secrets/admin.password ]; then
  password=$(word)
  admin=$(word)
  sed "s/FACESTREAM_HASH/$(hash "$password")/; s/ADMIN_HASH/$(hash "$admin")/" users.acl > secrets/users.acl
  printf 'redis = "redis://facestream:%s@redis:6379/0"\n' "$password" > secrets/facestream.toml
  printf '%s\n' "$admin" > secrets/admin.password
fi
chmod 644 secrets/facestream.toml secrets/camera.key secrets/data.key secrets/users.acl
