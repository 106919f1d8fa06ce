# cohmark cohort: a source of the demo is ingested, checked and shown; what is refused has its exit code and reason.
set -eu
fail() { echo "FAILED: $*" >&2; exit 1; }

"$COHMARK" demo demo --source-only >demo.txt
src=demo/segmentation/source
"$COHMARK" cohort ingest $src -o seg.cohort -q 2>err.txt || fail "ingest: $(cat err.txt)"
[ ! -s err.txt ] || fail "a clean ingest with -q says nothing: $(cat err.txt)"

"$COHMARK" cohort check seg.cohort >check.txt || fail "check: $(cat check.txt)"
grep -q '^seg.cohort: 0 errors, ' check.txt || fail "check counts its findings"
"$COHMARK" cohort check seg.cohort --format json | grep -q '"passed": true' || fail "check in JSON"

"$COHMARK" cohort show seg.cohort --cases >show.txt
grep -q '^data use  *no restriction DUO:0000004$' show.txt || fail "show names the conditions of use"
cases=$(tail -n +2 $src/cases.csv | wc -l)
grep -q "^all  *$cases cases, " show.txt || fail "show counts the cases"
grep -q '^task  *segmentation$' show.txt || fail "show says the task"
grep -q '^label  *2 lesion SCT:' show.txt || fail "show lists the labels"
[ "$(grep -c '^case-[0-9]* ' show.txt)" = "$cases" ] || fail "--cases has one line per case"
"$COHMARK" cohort show seg.cohort --cases --format json >show.json
if command -v python3 >/dev/null; then
    python3 - "$cases" <<'P' || fail "show in JSON"
import json, sys
d = json.load(open("show.json"))
assert d["cases"] == len(d["caseList"]) == int(sys.argv[1])
assert [label["value"] for label in d["labels"]] == [0, 1, 2]
assert sum(p["cases"] for p in d["providers"]) == d["cases"] and len(d["digest"]) == 64
first = d["caseList"][0]
assert len(first["shapeZYX"]) == 3 and len(first["spacingZYXmm"]) == 3 and len(first["imageSha256"]) == 64
P
fi
# any HDF5 tool reads it
if command -v h5dump >/dev/null; then
    h5dump -d /images/case-0001 seg.cohort/images.0000.h5 >dump.txt || fail "h5dump"
    grep -q 'H5T_STD_I16LE' dump.txt || fail "the element type is kept"
fi

"$COHMARK" cohort ingest demo/classification/source -o class.cohort -q
"$COHMARK" cohort show class.cohort | grep -q '^class  *1 malignant .* cases$' || fail "show counts the classes"

# a mask that is a PNG with a palette holds indices 0 to 3, whatever their colours
mkdir palette
cp "$CM_TEST_DIR/fuzz/corpus/image/png-0.png" palette/image.png
cp "$CM_TEST_DIR/fuzz/corpus/image/png-3.png" palette/mask.png
cat >palette/cohort.xml <<'X'
<cohort xmlns="urn:cohmark:cohort:1" schemaVersion="1.0" id="palette" version="1"><title>t</title><licence>MIT</licence><publisher>p</publisher>
<providers><provider id="a"/></providers><modality>MR</modality><bodyPart>b</bodyPart><condition>c</condition><task>segmentation</task>
<labels><label value="0" name="background"/><label value="1" name="one"/><label value="2" name="two"/><label value="3" name="three"/></labels>
<geometry>unknown</geometry></cohort>
X
printf 'case_id,patient,provider,channel:a,reference\nc,p,a,image.png,mask.png\n' >palette/cases.csv
"$COHMARK" cohort ingest palette -o palette.cohort -q 2>err.txt || fail "a palette mask: $(cat err.txt)"
"$COHMARK" cohort check palette.cohort >check.txt || fail "check of a palette mask: $(cat check.txt)"

# refused: exit code, words, arguments...
refuses() {
    code=$1 words=$2; shift 2
    status=0; "$COHMARK" cohort "$@" >out.txt 2>err.txt || status=$?
    [ "$status" = "$code" ] || fail "cohort $*: exit $status instead of $code: $(cat err.txt)"
    grep -q "$words" err.txt || fail "cohort $*: '$words' is not in: $(cat err.txt)"
}
refuses 2 'say ingest, check or show'
refuses 2 'there is no "inject"' inject x
refuses 2 'needs -o COHORT' ingest $src
refuses 2 'a number from 1 to 1024' ingest $src -o x --threads 0
refuses 2 'text or json' show seg.cohort --format xml
refuses 3 'exists already' ingest $src -o seg.cohort
refuses 3 'not a cohort' show $src
refuses 3 'cohort.xml' ingest demo -o x
[ ! -e x ] || fail "a refused ingest leaves something"

# free text in a header: refused with the way out, dropped with --strip-text, and stored nowhere
mkdir text
cp -r $src/. text/
gunzip text/images/case-0001.nii.gz
sed -i 's#images/case-0001.nii.gz#images/case-0001.nii#' text/cases.csv
printf 'Jane Doe, 1961' | dd of=text/images/case-0001.nii bs=1 seek=148 conv=notrunc status=none # descrip
refuses 6 'case case-0001.*descrip.*--strip-text' ingest text -o text.cohort -q
! grep -q 'Jane' err.txt || fail "the message quotes the text"
"$COHMARK" cohort ingest text -o text.cohort --strip-text 2>err.txt
grep -q '1 of [0-9]* files held free text: 1 field' err.txt || fail "the log counts dropped text: $(cat err.txt)"
! grep -rq 'Jane' text.cohort || fail "the text went into the cohort"
digest() { "$COHMARK" cohort show "$1" | awk '$1 == "digest" { print $2 }'; }
[ "$(digest text.cohort)" = "$(digest seg.cohort)" ] || fail "the text changes the cohort's identity"

# a link out of the source
ln -s /etc/hostname text/images/case-0002.nii.gz.link
sed -i 's#images/case-0002.nii.gz#images/case-0002.nii.gz.link#' text/cases.csv
refuses 6 'case case-0002' ingest text -o y --strip-text -q

# a damaged cohort
size=$(stat -c %s seg.cohort/images.0000.h5)
printf '\377\000\377\000' | dd of=seg.cohort/images.0000.h5 bs=1 seek=$((size / 2)) conv=notrunc status=none
refuses 3 'does not pass the check' check seg.cohort
grep -q '^error  *image-damaged  *case-' out.txt || fail "check names the damaged case"

# the example in the documentation is a valid cohort.xml
if command -v xmllint >/dev/null; then
    awk '/^## cohort.xml/ { on = 1 } on && /^```$/ { exit } on && code { print } /^```xml/ { code = on }' \
        "$CM_SOURCE_DIR/docs/formats.md" >example.xml
    xmllint --noout --schema "$CM_SOURCE_DIR/engine/cohort/cohort.xsd" example.xml 2>err.txt || fail "$(cat err.txt)"
    for f in "$CM_TEST_DIR"/real/cohorts/*/cohort.xml; do
        xmllint --noout --schema "$CM_SOURCE_DIR/engine/cohort/cohort.xsd" "$f" 2>err.txt || fail "$(cat err.txt)"
    done
fi

[ "$("$COHMARK" cohort --help | wc -l)" -le 40 ] || fail "help fits a screen"
