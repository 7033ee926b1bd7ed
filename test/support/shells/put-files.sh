#!/bin/sh
# put-files.sh PAGE: writes each block of a page that comes after a line such as "In `/etc/spad/spad.conf`:" into that file.
umask 077
awk '/^In `\/etc\// { split($0, part, "`"); file = part[2]; next }
  file && /^    / { print substr($0, 5) >file; seen = 1; next }
  file && /^$/ { if (seen) print "" >file; next }
  { file = ""; seen = 0 }' "$1"
