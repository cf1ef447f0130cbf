#!/bin/sh
# Makes the certificates of the tests: an authority, a server (localhost, 127.0.0.1, and the name broker.test), a
# client, and a second authority that nobody trusts. Valid for 100 years; they guard nothing.
set -eu
cd "$(dirname "$0")"
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj "/CN=$2" \
    -addext "keyUsage=critical,keyCertSign" -keyout "$1.key" -out "$1.pem" 2>/dev/null
}
signed() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" -keyout "$1.key" -out "$1.csr" 2>/dev/null
  printf 'subjectAltName=%s\n' "$3" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 36500 -extfile "$1.ext" -out "$1.pem" 2>/dev/null
  rm -f "$1.csr" "$1.ext" ca.srl
}
authority ca "Danube test authority"
authority other-ca "Another authority"
signed server localhost "DNS:localhost,IP:127.0.0.1,DNS:broker.test"
signed client "test client" "DNS:client.test"
rm -f ca.key other-ca.key
