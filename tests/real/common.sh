# Sourced by the tests on real material. They are skipped where the folder CM_SHARED is absent.
. "$CM_TEST_DIR/support/launch.sh"
[ -d "$CM_SHARED/data" ] && [ -d "$CM_SHARED/models" ] || { echo "skipped: no real material in $CM_SHARED"; exit 77; }
real=$CM_TEST_DIR/real
predictions=$CM_BUILD_DIR/tests/test_predictions

# ingest NAME: the cohort NAME of tests/real/cohorts into the folder NAME-cohort.
ingest() {
    local root
    root=$(bash "$real/make_sources.sh" "$1" "$CM_SHARED" "$1-source")
    "$COHMARK" cohort ingest "$1-source" --root "$root" -o "$1-cohort" --strip-text >/dev/null || fail "ingest of $1 ended with $?"
}
# tool FAMILY NAME: the folder tools/NAME with the description in tests/real/tools and the real model.
tool() {
    mkdir -p "tools/$2"
    cp "$real/tools/$1-$2.xml" "tools/$2/tool.xml"
    cp "$CM_SHARED/models/$1/$2.onnx" "tools/$2/model.onnx"
}
# close EXPECTED FOUND TOLERANCE WHAT
close() {
    awk -v e="$1" -v f="$2" -v t="$3" 'BEGIN { d = e - f; if (d < 0) d = -d; exit !(f != "" && f + 0 == f && d <= t) }' ||
        fail "$4: expected $1, found '$2'"
}
# cell REPORT TOOL METRIC TARGET: the value (classification) or mean (segmentation) over all cases.
cell() {
    xmllint --xpath "string(//*[local-name()='result'][@tool='$2'][@metric='$3'][@target='$4']/*[local-name()='of-all']/*[local-name()='value' or local-name()='summary']/descendant-or-self::*[local-name()='value' or local-name()='mean'][1])" "$1"
}
# place REPORT TOOL METRIC TARGET
place() {
    xmllint --xpath "string(//*[local-name()='result'][@tool='$2'][@metric='$3'][@target='$4']/@place)" "$1"
}
# valid_report FILE
valid_report() {
    xmllint --noout --schema "$CM_SOURCE_DIR/engine/report/report.xsd" "$1" 2>report.validity || fail "$1: $(head -n 3 report.validity)"
}
