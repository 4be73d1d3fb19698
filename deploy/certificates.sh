#!/bin/sh
# Makes an authority and a certificate for each node: deploy/certificates.sh FOLDER NAME...
# What is there already is kept, so that nodes can be added later. Needs OpenSSL 3.
# Keys are for their owner alone; certificates are for everybody, whichever user a node runs as.
set -eu
folder=$1
shift
umask 077
mkdir -p "$folder"
cd "$folder"

if [ ! -e authority.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 -subj "/CN=noprop authority" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" -keyout authority.key -out authority.pem
  chmod 644 authority.pem
fi

for name in "$@"; do
  if [ ! -e "$name.key" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 365 -subj "/CN=$name" -CA authority.pem -CAkey authority.key \
      -addext "basicConstraints=critical,CA:FALSE" -addext "extendedKeyUsage=serverAuth,clientAuth" -keyout "$name.key" -out "$name.pem"
    chmod 644 "$name.pem"
  fi
done

# authority.key issues certificates: keep it off the nodes. Each node gets authority.pem and its own two files.
