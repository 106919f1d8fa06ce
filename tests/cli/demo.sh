#!/usr/bin/env bash
# cohmark demo: the whole job from images to reports, and tools whose differences are those they were made for.
# CM_DEMO_SIZE: other numbers of cases than the default, for builds that are slow on purpose.
set -eu
# shellcheck disable=SC2086 # several words on purpose
"$COHMARK" demo demo --quiet --threads 2 ${CM_DEMO_SIZE-} > out.txt
cat out.txt
[ "$(wc -l < out.txt)" = 2 ]
for task in segmentation classification; do
    run=demo/$task/run
    grep -q "^$task .*$run/report.html" out.txt
    for file in report.xml report.html openebench.json; do
        [ -s "$run/$file" ] || { echo "$run/$file is missing"; exit 1; }
    done
    xmllint --noout --schema "$CM_SOURCE_DIR/engine/report/report.xsd" "$run/report.xml"
    "$COHMARK" cohort check "demo/$task/cohort"
    for tool in demo/$task/tools/*; do
        "$COHMARK" tool check "$tool" > tool.txt || { cat tool.txt; exit 1; }
    done
    ! grep -q 'state="failed"' "$run/report.xml"
done

# mean FILE TARGET METRIC TOOL [PROVIDER]
mean() {
    local cell="*[local-name()='of-all']" s="/*[local-name()='summary']/@mean"
    [ $# -lt 5 ] || cell="*[local-name()='of-provider'][@provider='$5']"
    xmllint --xpath "string(//*[local-name()='result'][@target='$2'][@metric='$3'][@tool='$4']/$cell$s)" "$1"
}
# above A B MARGIN: A > B + MARGIN, and both are numbers
above() {
    awk -v a="$1" -v b="$2" -v m="$3" 'BEGIN { exit !(a ~ /^[0-9.e+-]+$/ && b ~ /^[0-9.e+-]+$/ && a + 0 > b + m) }' ||
        { echo "expected $1 to be above $2 by $3"; exit 1; }
}
report=demo/segmentation/run/report.xml
# what cohort.xml says about the images and their use reaches the report by way of the run folder
said() { xmllint --xpath "string(//*[local-name()='cohort']$1)" $report; }
[ "$(said /@modality-code)" = DCM:MR ] && [ "$(said /@body-part-code)" = SCT:10200004 ] || { echo "no concepts in $report"; exit 1; }
[ "$(said "/*[local-name()='data-use']/@code")" = DUO:0000004 ] || { echo "no conditions of use in $report"; exit 1; }
organ=organ-with-lesions
above "$(mean $report lesion DSC unet3d)" "$(mean $report lesion DSC coarse3d)" 0.1
above "$(mean $report lesion DSC unet2d)" "$(mean $report lesion DSC threshold)" 0.2
above "$(mean $report $organ DSC unet3d)" 0.93 0
above "$(mean $report $organ DSC coarse3d)" "$(mean $report $organ DSC threshold)" 0.1
above "$(mean $report $organ DSC onesite2d site-a)" "$(mean $report $organ DSC onesite2d site-b)" 0.4

report=demo/classification/run/report.xml
auroc() { xmllint --xpath "string(//*[local-name()='result'][@target='malignant'][@metric='AUROC'][@tool='$1']/*[local-name()='of-all']/*[local-name()='value'])" $report; }
above "$(auroc cnn)" "$(auroc shape)" 0.05
above "$(auroc shape)" 0.7 0
