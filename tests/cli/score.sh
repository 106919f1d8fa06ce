#!/usr/bin/env bash
# cohmark score: masks from folders, known answers, the same numbers for any number of threads and with any bench,
# and every mistake a user makes told.
set -eu
fail() { echo "FAILED: $*"; exit 1; }
expect() { # exit code, then the command; output in out.txt and err.txt
    local wanted=$1 code=0
    shift
    "$@" > out.txt 2> err.txt || code=$?
    [ "$code" = "$wanted" ] || { cat out.txt err.txt; fail "expected exit $wanted, got $code: $*"; }
}

"$COHMARK" demo demo --source-only --cases 9 --images 1 --seed 5 --threads 1 > /dev/null
source=demo/segmentation/source
mkdir ref perfect shifted
cp $source/references/*.nii.gz ref
cp ref/* perfect
names=$(ls ref)
for name in $names; do # every mask two voxels to the left: 352 bytes of header, then voxels of one byte
    gzip -dc "ref/$name" > whole.nii
    { head -c 352 whole.nii; tail -c +355 whole.nii; head -c 2 /dev/zero; } > "shifted/${name%.gz}"
done
last=$(echo "$names" | tail -1)
n=$(echo "$names" | wc -l)

# a copy is perfect; one line per tool, target, metric
expect 0 "$COHMARK" score --reference ref --prediction perfect=perfect --prediction shifted=shifted --labels liver=1,lesion=2,both=1+2 \
    --metrics DSC,HD.vox --format csv -o report
[ "$(head -1 out.txt)" = case,tool,target,metric,value,unit,state,empty ] || fail "the CSV has no header"
[ "$(grep -c ',perfect,' out.txt)" -eq $((n * 3 * 2)) ] || fail "not one line per case, target and metric"
! grep -E ',perfect,(liver|both),DSC,' out.txt | grep -v ',DSC,1,1,ok,' || fail "a copy is not perfect"
! grep -E ',perfect,(liver|both),HD.vox,' out.txt | grep -v ',HD.vox,0,mm,ok,' || fail "a copy lies apart"
grep ',shifted,liver,DSC,' out.txt | grep -qv ',DSC,1,' || fail "a shifted mask is perfect"
for file in report.xml report.html openebench.json bench.xml; do [ -s report/$file ] || fail "no report/$file"; done
grep -q '<best tool="perfect"/>' report/report.xml || fail "the copy is not the best tool"
grep -q '<comparison ' report/report.xml || fail "the report compares nothing"

# a metric of the cohort may decide the ranking, and its report holds
expect 0 "$COHMARK" score --reference ref --prediction perfect=perfect --prediction shifted=shifted --labels liver=1 \
    --metrics DSC.pooled,FROC.c26.iou-greedy@0.5.by-volume,DSC -o cohort -q
grep -q '<comparison of="cohort"' cohort/report.xml || fail "the comparison is not of the cohort"
grep -q 'perfect has the best DSC.pooled of liver: 1.00' cohort/report.xml || fail "the verdict does not go by the pooled Dice"
grep -q '<curve kind="froc"' cohort/report.xml || fail "there is no free-response curve"
expect 0 "$COHMARK" verify cohort/report.xml
grep -q '^holds  *bench .* rules and ids are those of the bench.xml beside it' out.txt || fail "the report is not held against its bench"
# rules written into a report are not those of the bench.xml whose hash it names
sed 's/ missing="worst"/ missing="exclude"/; s/ replicates="2000" seed/ replicates="200" seed/' cohort/report.xml > cohort/other.xml
expect 3 "$COHMARK" verify cohort/other.xml
grep -q '^broken  *bench  *policy/@missing: is "worst" in bench.xml and "exclude" in the report' out.txt || fail "another policy passes"
grep -q '^broken  *bench  *statistics/@replicates: ' out.txt || fail "fewer replicates pass"

expect 0 "$COHMARK" score --reference ref --prediction perfect=perfect --labels liver=1 --metrics 'DSC.pooled, DSC' --format csv
[ "$(grep -c ',DSC.pooled,' out.txt)" -eq 1 ] || fail "a metric of the cohort has not one line"
grep -q '^,perfect,liver,DSC.pooled,1,1,ok,' out.txt || fail "the line of a metric of the cohort"
expect 0 "$COHMARK" score --reference ref --prediction perfect=perfect --labels 1,9 --metrics DSC
grep -q 'no mask holds label-9' err.txt || fail "a label that is nowhere is not told"
expect 2 "$COHMARK" score --reference ref --prediction perfect=perfect --metrics AUROC

# the bench made of --labels lies in TMPDIR while it is needed (it was always /tmp)
mkdir temporary
TMPDIR=$PWD/temporary expect 0 "$COHMARK" score --reference ref --prediction perfect=perfect --labels liver=1 --metrics DSC
[ -z "$(ls temporary)" ] || fail "a temporary file was left behind"
TMPDIR=$PWD/nowhere expect 7 "$COHMARK" score --reference ref --prediction perfect=perfect --labels liver=1 --metrics DSC
grep -q 'nowhere/.*Set TMPDIR' err.txt || fail "the folder for temporary files is not named"

# of a PNG with a palette the index is the label; an RGB image is no mask
images=$CM_TEST_DIR/fuzz/corpus/image
expect 0 "$COHMARK" score --reference "$images/png-3.png" --prediction same="$images/png-3.png" --metrics DSC --format csv
[ "$(grep -c ',same,label-[123],DSC,1,1,ok,' out.txt)" -eq 3 ] || fail "a palette mask has not three labels"
expect 3 "$COHMARK" score --reference "$images/png-1.png" --prediction same="$images/png-1.png" --metrics DSC

# a blank in a file name is _ in the id of the case, and either is found
mkdir blank-ref blank
cp "ref/$last" "blank-ref/case 7 a.nii.gz"
cp "ref/$last" "blank/case_7 a.nii.gz"
printf 'case_id,provider\ncase 7 a,south\n' > blank.csv
expect 0 "$COHMARK" score --reference blank-ref --prediction copy=blank --labels liver=1 --metrics DSC --format csv --cases blank.csv -o blank-report
grep -q '^case_7_a,copy,liver,DSC,1,' out.txt || fail "a name with blanks is not found"
grep -q 'provider="south"' blank-report/report.xml || fail "a case is not found by its name with blanks"
cp "ref/$last" "blank/case_7_a.nii"
expect 3 "$COHMARK" score --reference blank-ref --prediction copy=blank
grep -q 'two masks' err.txt || fail "two files that mean one case are not told"

# probabilities: the label map under a slope of 0.5 says 0.5 where it holds 1, and 1 where it holds 2
mkdir soft-ref soft
cp "ref/$last" soft-ref/case.nii.gz
gzip -dc "ref/$last" > whole.nii
{ head -c 112 whole.nii; printf '\0\0\0\077'; tail -c +117 whole.nii; } > soft/case.nii
expect 0 "$COHMARK" score --reference soft-ref --prediction p=soft-ref --labels 1,2 --metrics VOL.reference --format csv
wanted=$(awk -F, '/label-1/ { a = $5 } /label-2/ { b = $5 } END { printf "%.9f", 2 * (a / 2 + b) / (a / 2 + b + a + b) }' out.txt)
for threads in 1 3; do
    expect 0 "$COHMARK" score --reference soft-ref --prediction p=soft --labels both=1+2 --metrics SDSC --format csv --threads $threads
    got=$(awk -F, '/,SDSC,/ { printf "%.9f", $5 }' out.txt)
    [ "$got" = "$wanted" ] || fail "soft Dice is $got, expected $wanted"
done
expect 0 "$COHMARK" score --reference soft-ref --prediction p=soft --labels both=1+2 --metrics SDSC -q -o soft-report
expect 0 "$COHMARK" verify soft-report/report.xml
expect 3 "$COHMARK" score --reference soft-ref --prediction p=soft --labels both=1+2 --metrics SDSC,DSC
grep -q 'SDSC is of probabilities, DSC of decided masks' err.txt || fail "masks and probabilities are mixed"
expect 3 "$COHMARK" score --reference soft-ref --prediction p=soft --labels 1,2 --metrics SDSC
grep -q 'probabilities of one target' err.txt || fail "soft Dice of two targets"
expect 4 "$COHMARK" score --reference soft-ref --prediction p=soft-ref --labels both=1+2 --metrics SDSC
grep -q 'from 0 to 1' err.txt || fail "a label map is taken for probabilities"

# two files, whatever their names
cp "shifted/${last%.gz}" other-name.nii
expect 0 "$COHMARK" score --reference "ref/$last" --prediction shifted=other-name.nii --labels liver=1 --metrics DSC --format csv
grep "^${last%.nii.gz},shifted,liver,DSC," out.txt >one.txt || fail "two files are not compared"
expect 0 "$COHMARK" score --reference "ref/$last" --prediction shifted=shifted --labels liver=1 --metrics DSC --format csv
grep -qF "$(cat one.txt)" out.txt || fail "a file and its folder give two values"
expect 2 "$COHMARK" score --reference ref --prediction shifted=other-name.nii

# the bench that was used gives the same results, with other threads, too
results() { sed -n '/<results>/,/<\/results>/p' "$1"; }
expect 0 "$COHMARK" score --reference ref --prediction perfect=perfect --prediction shifted=shifted --bench report/bench.xml -o again --threads 1 -q
results report/report.xml | sed 's/sha256="[0-9a-f]*"//' > first.txt
results again/report.xml | sed 's/sha256="[0-9a-f]*"//' > second.txt
cmp first.txt second.txt || fail "other results from the same masks"
[ ! -s out.txt ] || fail "-q prints"

# a run's own bench serves as well; its cohort and tools are not looked at
sed 's/<cohort [^>]*>/<cohort path="nowhere"\/>/' report/bench.xml > own.xml
expect 0 "$COHMARK" score --reference ref --prediction perfect=perfect --bench own.xml --format json
grep -q '"target": "lesion"' out.txt || fail "the JSON names no target"

# patients and providers
{ echo case_id,patient,provider; for name in $names; do echo "${name%.nii.gz},p$((${#last} % 3)),north"; done; } > cases.csv
expect 0 "$COHMARK" score --reference ref --prediction perfect=perfect --cases cases.csv -o told -q
grep -q 'resampled="patient"' told/report.xml || fail "patients are not resampled together"
grep -q 'provider="north"' told/report.xml || fail "the provider is not told"
sed 1q cases.csv > none.csv && sed '2q;d' cases.csv >> none.csv
expect 3 "$COHMARK" score --reference ref --prediction perfect=perfect --cases none.csv
grep -q 'has no row' err.txt || fail "a case without a row is not told"
{ cat cases.csv; sed '2q;d' cases.csv; } > twice.csv
expect 3 "$COHMARK" score --reference ref --prediction perfect=perfect --cases twice.csv
grep -q 'has two rows: the other is line 2' err.txt || fail "a case with two rows is not told"
cut -d, -f1 cases.csv > bare.csv
expect 3 "$COHMARK" score --reference ref --prediction perfect=perfect --cases bare.csv
grep -q 'column patient or provider' err.txt || fail "a table that says nothing is not told"

# masks of no reference are told, not counted
mkdir more && cp perfect/* more && cp "perfect/$last" more/other.nii.gz
expect 0 "$COHMARK" score --reference ref --prediction more=more --metrics DSC
grep -q 'note: more: other.nii.gz is of no reference' err.txt || fail "a mask of no reference is not told"

# missing and unusable masks are failed cases, not silence
rm "shifted/${last%.gz}"
head -c 100 "ref/$last" > "perfect/$last"
expect 4 "$COHMARK" score --reference ref --prediction perfect=perfect --prediction shifted=shifted
grep -q "shifted, case ${last%.nii.gz}: there is no mask" err.txt || fail "a missing mask is not told"
grep -q "perfect, case ${last%.nii.gz}:" err.txt || fail "a damaged mask is not told"

# mistakes
expect 2 "$COHMARK" score
expect 2 "$COHMARK" score --reference ref
expect 2 "$COHMARK" score --reference ref --prediction perfect
expect 2 "$COHMARK" score --reference ref --prediction a=perfect --bench own.xml --labels 1
expect 2 "$COHMARK" score --reference ref --prediction a=perfect --labels 1+
expect 2 "$COHMARK" score --reference ref --prediction a=perfect --labels 70000
expect 2 "$COHMARK" score --reference ref --prediction a=perfect --labels a=1,a=2
expect 3 "$COHMARK" score --reference ref --prediction a=perfect --labels 1,1
grep -q 'two targets are called' err.txt || fail "a label given twice is not told"
expect 2 "$COHMARK" score --reference ref --prediction a=perfect --metrics DSC,DSC
grep -q 'names DSC twice' err.txt || fail "a metric given twice is not told"
expect 2 "$COHMARK" score --reference ref --prediction a=perfect --format xml
expect 2 "$COHMARK" score --reference ref --prediction a=perfect --prediction a=shifted
expect 2 "$COHMARK" score --reference ref --prediction 'a b=perfect'
expect 3 "$COHMARK" score --reference ref --prediction a=perfect --metrics NO-SUCH-METRIC
expect 3 "$COHMARK" score --reference nowhere --prediction a=perfect
mkdir empty
expect 3 "$COHMARK" score --reference empty --prediction a=perfect
cp "ref/$last" ref/"${last%.gz}"
expect 3 "$COHMARK" score --reference ref --prediction a=perfect
grep -q 'two masks' err.txt || fail "two files of one case are not told"
"$COHMARK" score --help | grep -q -- --prediction || fail "--help does not name --prediction"
