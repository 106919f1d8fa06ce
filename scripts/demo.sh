#!/usr/bin/env bash
# The main job from start to end on made-up data: cohort, tools, bench, run, report. Sets up first if needed.
# Usage: scripts/demo.sh [DIR]   (default build/demo, made anew each time)
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-} in
--help | -h) sed -n '2,3s/^# //p' "$0" && exit 0 ;;
-*) sed -n '2,3s/^# //p' "$0" >&2 && exit 2 ;;
esac

scripts/setup.sh --program
folder=${1:-build/demo}
[ $# -gt 0 ] || rm -rf build/demo
build/release/engine/cli/cohmark demo "$folder"
printf 'demo: open %s/segmentation/run/report.html in a browser\n' "$(realpath "$folder")"
