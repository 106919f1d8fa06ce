# doctor finds this machine usable, says so in both formats, and leaves nothing behind.
set -eu
fail() { echo "FAILED: $*"; exit 1; }
unset OMPI_COMM_WORLD_SIZE PMIX_RANK PMI_RANK SLURM_STEP_ID SLURM_JOB_ID

"$COHMARK" doctor >out || fail "doctor gives exit $?: $(cat out)"
for line in MPI launcher PMIx HDF5 libxml2 libxslt SQLite libdeflate zlib libpng jansson OpenSSL processor kernels cores memory \
    'energy counter' CUDA schemas 'this folder' 'temporary files'; do
    grep -Eq "^(ok|warn|missing) +$line " out || fail "nothing about $line"
done
[ "$(ls)" = out ] || fail "doctor left files behind: $(ls)"
grep -q '^ok  *kernels  *[a-z0-9]*, same bits as the definition$' out || fail "the kernels: $(grep kernels out)"
grep -q 'launcher.*none' out || fail "a launcher is seen where there is none"
PMIX_RANK=0 SLURM_STEP_ID=0 "$COHMARK" doctor | grep -q '^ok  *launcher  *started by' || fail "a launcher is not seen"
SLURM_STEP_ID=0 "$COHMARK" doctor | grep -q '^warn  *launcher .*would run alone' || fail "srun without PMI is not seen"

"$COHMARK" doctor --format json >out.json
if command -v python3 >/dev/null; then
    python3 - <<'PY'
import json
d = json.load(open("out.json"))
assert sorted(d) == ["checks", "state", "version"], d
assert len(d["checks"]) >= 20
for c in d["checks"]:
    assert sorted(c) == ["advice", "found", "name", "state"], c
    assert c["state"] in ("ok", "warn", "missing") and c["found"]
    assert c["state"] != "missing" or c["advice"], c
worst = max(("ok", "warn", "missing").index(c["state"]) for c in d["checks"])
assert d["state"] == ("ok", "warn", "missing")[worst]
PY
fi

code=0
TMPDIR=/proc "$COHMARK" doctor >out || code=$?
[ "$code" = 7 ] || fail "a folder that cannot be written gives exit $code"
grep -q '^missing  temporary files' out || fail "the folder is not named"
code=0
"$COHMARK" doctor --format yaml 2>err || code=$?
[ "$code" = 2 ] || fail "an unknown format gives exit $code"
