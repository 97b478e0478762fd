#!/usr/bin/env bash
# Writes what each Go prints under each fault of ../it/golden/ to goN.txt, and which messages only older ones have:
# the one in PATH, and older ones, which are fetched as toolchains through the machine's GOPROXY. A machine that allows no
# namespaces leaves some faults out.
#   crates/workbench/tests/golden/make.sh [DIR]   DIR keeps the toolchains, about 250 MB each
set -euo pipefail
cd "$(dirname "$0")"

dir=${1-$(mktemp -d)}
programs=$(go env GOROOT)/bin/go
for version in go1.21.13 go1.22.12 go1.23.12 go1.24.11 go1.25.5; do
  root=$(cd "${TMPDIR-/tmp}" && GOMODCACHE=$dir GOFLAGS=-modcacherw GOTOOLCHAIN=$version go env GOROOT)
  programs=$programs:$root/bin/go
done
LARDER_GOLDEN_GO=$programs cargo test -p workbench --test it -- --ignored --nocapture write_
