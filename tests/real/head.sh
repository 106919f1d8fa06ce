# Whole heads with the real MeshNets: class counts and pairwise Dice as another engine gave them.
set -eu
. "$CM_TEST_DIR/real/common.sh"
expected=$CM_SHARED/data/head-t1

# bench NAME COHORT TOOL...
bench() {
    local name=$1 cohort=$2
    shift 2
    {
        echo "<bench xmlns=\"urn:cohmark:bench:1\" schemaVersion=\"1.0\" id=\"$name\" version=\"1\" title=\"$name\" task=\"segmentation\">"
        echo "<cohort path=\"$cohort\"/><tools>"
        for t; do echo "<tool path=\"tools/$t\"/>"; done
        echo '</tools><metrics><metric id="DSC"/></metrics></bench>'
    } >"$name.xml"
}

# The head that came without a reference: predicted, counted, marked no-reference.
mkdir head-source
sed 's|<label value="2".*|&\n'"$(for v in $(seq 3 17); do printf '<label value="%d" name="structure-%d"/>' "$v" "$v"; done)"'|' \
    "$CM_TEST_DIR/real/cohorts/head-t1/cohort.xml" | grep -v 'id="mricron"' >head-source/cohort.xml
printf '%s\n' 'case_id,provider,channel:t1' 't1-crop,brainchop,t1_crop.nii.gz' >head-source/cases.csv
"$COHMARK" cohort ingest head-source --root "$expected" -o head-cohort --strip-text >/dev/null || fail "ingest of the head ended with $?"
models="model5_gw_ae model18cls model20chan3cls model21_3class"
for t in $models; do tool meshnet $t; done
# shellcheck disable=SC2086
bench head head-cohort $models
"$COHMARK" run head.xml -o head -q || fail "the run ended with $?"
valid_report head/report.xml
grep -q 'name="no-reference"' head/report.xml || fail "the case is not marked no-reference"
n=0
for t in $models; do
    "$predictions" count head "meshnet-$(echo "$t" | tr _ -)" t1-crop >counts
    while IFS=, read -r volume model class voxels; do
        [ "$volume" = t1_crop ] && [ "$model" = "$t" ] && [ "$class" != 0 ] || continue
        close "$voxels" "$(awk -v c="$class" '$1 == c { print $2 }' counts)" "$(awk -v v="$voxels" 'BEGIN { print v * 0.001 }')" "voxels of class $class by $t"
        n=$((n + 1))
    done <"$expected/expected_counts.csv"
done
[ "$n" -eq 23 ] || fail "$n counts compared, not 23"
"$predictions" dice head meshnet-model5-gw-ae meshnet-model20chan3cls t1-crop >dice
close 0.937779 "$(awk '$1 == 1 { print $2 }' dice)" 0.002 "Dice of white matter, model5 against model20chan"
close 0.908747 "$(awk '$1 == 2 { print $2 }' dice)" 0.002 "Dice of grey matter, model5 against model20chan"

# Colin27: the brain mask against the skull-stripped image > 0.
mkdir ch2-source ch2-root
cp "$expected/ch2.nii.gz" ch2-root/
"$predictions" positive "$expected/ch2bet.nii.gz" ch2-root/mask.nii.gz || fail "no mask could be made of ch2bet"
grep -v 'id="brainchop"\|grey-matter' "$CM_TEST_DIR/real/cohorts/head-t1/cohort.xml" >ch2-source/cohort.xml
printf '%s\n' 'case_id,provider,channel:t1,reference' 'ch2,mricron,ch2.nii.gz,mask.nii.gz' >ch2-source/cases.csv
"$COHMARK" cohort ingest ch2-source --root ch2-root -o ch2-cohort --strip-text >/dev/null || fail "ingest of ch2 ended with $?"
tool meshnet mindgrab
bench brain ch2-cohort mindgrab
"$COHMARK" run brain.xml -o brain -q || fail "the run ended with $?"
close 0.926422 "$("$predictions" value brain meshnet-mindgrab ch2 white-matter DSC)" 0.002 "Dice of mindgrab against the skull-stripped image"
echo "23 class counts and 3 Dice values agree"
