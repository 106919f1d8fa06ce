# cohmark metrics: the list, one explanation in text and JSON, and what it refuses.
set -eu
fail() { echo "FAILED: $*" >&2; exit 1; }

"$COHMARK" metrics list >list.txt
for id in DSC IOU SENS.vox PPV.vox VS RVD HD.vox 'HD<q>.vox.maxdir' ASSD.vox 'NSD.vox@<t>mm' AUROC AP.step ACC BACC SENS \
    SPEC PPV NPV 'F<b>' MCC BRIER.binary 'HD<q>.surfel' 'LESION-F1.c<c>.<r>' 'PQ.c<c>.<m>' CLDICE 'ECE.<n>.width'; do
    grep -qF "  $id " list.txt || fail "the list lacks $id"
done

"$COHMARK" metrics list --format json >list.json
if command -v python3 >/dev/null; then
    python3 - <<'P' || fail "the JSON list"
import json
rows = json.load(open("list.json"))["metrics"]
ids = [r["id"] for r in rows]
assert len(ids) == len(set(ids)) >= 60, ids
keys = {"id", "pattern", "version", "kind", "title", "formula", "parameters", "direction", "range", "unit", "best",
        "worst", "worstIsImageDiagonal", "emptyRule", "averaging", "reference", "needsSpacing"}
assert all(set(r) == keys for r in rows)
dsc = rows[ids.index("DSC")]
assert dsc["direction"] == "higher" and dsc["worst"] == 0 and dsc["best"] == 1
assert rows[ids.index("RVD")]["worst"] is None
assert rows[ids.index("HD.vox")]["worstIsImageDiagonal"] is True
P
fi

"$COHMARK" metrics explain NSD.vox@02.50mm >nsd.txt
grep -q '^NSD.vox@2.5mm: Normalised surface distance of voxel surfaces$' nsd.txt || fail "explain gives the canonical id"
grep -q 'Nikolov' nsd.txt || fail "explain names the source"
[ "$(awk '{ if (length > n) n = length } END { print n }' nsd.txt)" -le 100 ] || fail "lines are wrapped"
"$COHMARK" metrics explain 'HD<q>.vox.maxdir' | grep -q '^HD95.vox.maxdir: ' || fail "a pattern of the list is explained"
"$COHMARK" metrics explain --format json DSC | grep -q '"id": "DSC"' || fail "explain in JSON"

# refused: arguments..., expected exit code, expected words
refuses() {
    code=$1 words=$2; shift 2
    status=0; "$COHMARK" metrics "$@" >out.txt 2>err.txt || status=$?
    [ "$status" = "$code" ] || fail "metrics $*: exit $status instead of $code"
    [ ! -s out.txt ] || fail "metrics $*: printed to standard output"
    grep -q "$words" err.txt || fail "metrics $*: $(cat err.txt)"
}
refuses 3 'HD95.vox.maxdir' explain HD95
refuses 3 'DSC' explain dice
refuses 2 '> 0 and < 100' explain HD100.vox.maxdir
refuses 2 'tolerance' explain NSD.vox@0mm
refuses 2 'list or explain is missing'
refuses 2 'neither list nor explain' show
refuses 2 'takes one metric id' explain
refuses 2 'no further argument' list DSC
refuses 2 'text or json' list --format xml
refuses 2 'needs a value' list --format
refuses 2 'unknown option' list --frmat
"$COHMARK" metrics --help | grep -q '^Example: ' || fail "help ends with an example"
