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
        "bestIsUnbounded", "worst", "worstIsImageDiagonal", "emptyRule", "averaging", "reference", "needsSpacing"}
assert all(set(r) == keys for r in rows)
dsc = rows[ids.index("DSC")]
assert dsc["direction"] == "higher" and dsc["worst"] == 0 and dsc["best"] == 1
lr = rows[ids.index("LR-PLUS")]
assert lr["best"] is None and lr["bestIsUnbounded"] is True
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
refuses 2 'list, explain or compare is missing'
refuses 2 'neither list, explain nor compare' show
refuses 2 'a reference and a prediction' compare a.nii
refuses 2 'belong to compare' list --label 1
refuses 2 'label values' compare a.nii b.nii --label 1,
refuses 2 'above 0' compare a.nii b.nii --tolerance 0
refuses 3 'a.nii' compare a.nii b.nii
refuses 2 'takes one metric id' explain
refuses 2 'no further argument' list DSC
refuses 2 'text or json' list --format xml
refuses 2 'needs a value' list --format
refuses 2 'unknown option' list --frmat
"$COHMARK" metrics --help | grep -q '^Example: ' || fail "help ends with an example"

# compare: two cubes of 4x4x4 voxels, one step apart, written here as NIfTI
if command -v python3 >/dev/null; then
    python3 - <<'P'
import struct
def write(path, shift):
    n = 12
    h = bytearray(352)
    struct.pack_into("<i", h, 0, 348)
    struct.pack_into("<8h", h, 40, 3, n, n, n, 1, 1, 1, 1)
    struct.pack_into("<hh", h, 70, 2, 8)
    struct.pack_into("<8f", h, 76, 1, 1, 1, 2, 0, 0, 0, 0)
    struct.pack_into("<f", h, 108, 352)
    struct.pack_into("<B", h, 123, 2)
    struct.pack_into("<hh", h, 252, 0, 1)
    struct.pack_into("<12f", h, 280, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0)
    h[344:348] = b"n+1\0"
    v = bytearray(n ** 3)
    for z in range(4, 8):
        for y in range(4, 8):
            for x in range(4 + shift, 8 + shift):
                v[(z * n + y) * n + x] = 3
    open(path, "wb").write(h + v)
write("ref.nii", 0)
write("pred.nii", 1)
P
    "$COHMARK" metrics compare ref.nii pred.nii >compare.txt || fail "compare"
    for profile in cohmark monai mr-2025 deepmind medpy panoptica brats23 eucaim-0.1 nnunet; do
        grep -q "^$profile  *0.75 " compare.txt || fail "compare has no row $profile with Dice 0.75"
    done
    grep -q 'Why they differ' compare.txt || fail "compare says why"
    "$COHMARK" metrics compare ref.nii pred.nii --label 3 --tolerance 1 --format json >compare.json || fail "compare in JSON"
    python3 - <<'P' || fail "the JSON of compare"
import json
d = json.load(open("compare.json"))
rows = {p["profile"]: p for p in d["profiles"]}
assert len(rows) == 9 and d["nsdTolerance"] == 1 and d["distanceUnit"] == "mm"
assert rows["medpy"]["columns"]["hd95"] == {"state": "value", "value": 1.0, "metric": "HD95.vox.pooled"}
assert rows["medpy"]["columns"]["nsd"]["state"] == "not-offered"
assert rows["monai"]["compat"] is True and rows["cohmark"]["compat"] is False
P
    "$COHMARK" metrics compare ref.nii pred.nii --label 1 | grep -q '^medpy .*error' || fail "empty masks are told as the tool does"
fi
