#!/bin/bash
# What docs/enrolment.md tells an engineer to type, through the gateway's own door: `enrol FOLDER TOKEN`, `renew FOLDER`,
# `check FOLDER`. Prints what curl and openssl say.
set -euo pipefail
door=localhost:8447
est=https://$door/.well-known/est
cd "$2"

request() { openssl req -new -key "$1" -subj / -outform DER | openssl base64; }
certificate() { openssl base64 -d | openssl pkcs7 -inform DER -print_certs; }
post() { curl -sS --cacert root.pem -H 'Content-Type: application/pkcs10' --data-binary "@$1" "${@:2}"; }

case $1 in
enrol)
  IFS=- read -r _ id secret pin <<<"$3"
  openssl s_client -connect $door -showcerts </dev/null 2>/dev/null |
    awk '/BEGIN CERT/{text=""} {text=text $0 "\n"} /END CERT/{last=text} END{printf "%s", last}' >root.pem
  [ "$(openssl x509 -in root.pem -outform DER | sha256sum | cut -d' ' -f1)" = "$pin" ]
  openssl ecparam -name prime256v1 -genkey -noout -out device.key
  request device.key >request.b64
  post request.b64 -f -u "$id:$secret" $est/simpleenroll | certificate >device.pem
  openssl verify -x509_strict -CAfile root.pem -untrusted device.pem device.pem
  ;;
renew)
  openssl ecparam -name prime256v1 -genkey -noout -out next.key
  request next.key >next.b64
  status=$(post next.b64 --cert device.pem --key device.key -o answer -w '%{http_code}' $est/simplereenroll)
  if [ "$status" = 200 ]; then
    certificate <answer >device.pem
    mv next.key device.key
    openssl verify -x509_strict -CAfile root.pem -untrusted device.pem device.pem
  else
    echo "$status $(cat answer)"
  fi
  ;;
check)
  # the authority is the second certificate of the answer, and its list and its word are for everybody
  awk '/BEGIN CERT/{n++} n==2' device.pem >issuing.pem
  openssl ocsp -issuer issuing.pem -cert device.pem -CAfile root.pem -reqout question.der -no_nonce
  curl -sSf --cacert root.pem -H 'Content-Type: application/ocsp-request' --data-binary @question.der \
    https://localhost:8443/pki/ocsp >answer.der
  openssl ocsp -issuer issuing.pem -cert device.pem -CAfile root.pem -respin answer.der -no_nonce
  ;;
esac
