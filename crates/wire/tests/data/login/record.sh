#!/bin/sh
# Records the captures of this folder. Needs root (ports below 1024), curl, dumpcap, and from PyPI: pyftpdlib aiosmtpd
# telnetlib3 twisted.
set -eu
cd "$(dirname "$0")"
python3 peers.py &
peers=$!
trap 'kill $peers' EXIT
sleep 3

record() { # name, port, command
    dumpcap -q -P -i lo -f "tcp port $2" -w "$1.pcap" &
    recorder=$!
    sleep 1
    sh -c "$3" || true
    sleep 1
    kill -INT $recorder
    wait $recorder || true
}

mail="From: a@plant\n\nQUIT\nis no command here"
record ftp 21 'curl -s -u operator:geheim ftp://127.0.0.1/ && curl -s -u operator:geheim ftp://127.0.0.1/recipe.txt && curl -s -u operator:wrong ftp://127.0.0.1/'
record smtp 25 "printf '$mail' | curl -s -u operator:geheim --mail-from a@plant --mail-rcpt b@plant -T - smtp://127.0.0.1/camera-7"
record pop3 110 'curl -s -u operator:geheim pop3://127.0.0.1/ && curl -s -u operator:geheim pop3://127.0.0.1/1'
record imap 143 'curl -s -u operator:geheim imap://127.0.0.1/'
record telnet 23 '(sleep 1; echo operator; sleep 1; echo geheim; sleep 1) | curl -s -m 5 telnet://127.0.0.1'
record http-basic 80 'curl -s -u operator:geheim http://127.0.0.1/recipe.txt'
