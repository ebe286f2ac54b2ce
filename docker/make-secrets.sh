#!/bin/sh
# Makes the secrets of docker/compose.yaml in docker/secrets/, and leaves alone what is there:
#
#   sh docker/make-secrets.sh
#
# camera.key        the key that URLs of cameras are sealed with. Keep a copy: without it cameras must be added anew.
# facestream.toml   where Redis is, with the password.
# users.acl         who may do what in Redis, with the password's hash.
#
# The folder is its owner's alone. The files in it are readable, as containers read them as users of their own.
# To change the password: delete facestream.toml and users.acl, run this again, and recreate the containers.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

if [ ! -e secrets/camera.key ]; then
  head -c 32 /dev/urandom | base64 > secrets/camera.key
fi
if [ ! -e secrets/facestream.toml ] || [ ! -e secrets/users.acl ]; then
  password=$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
  hash=$(printf %s "$password" | sha256sum | cut -d ' ' -f 1)
  sed "s/HASH/$hash/" users.acl > secrets/users.acl
  printf 'redis = "redis://facestream:%s@redis:6379/0"\n' "$password" > secrets/facestream.toml
fi
chmod 644 secrets/*
