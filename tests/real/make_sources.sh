#!/usr/bin/env bash
# make_sources.sh NAME SHARED OUT: writes OUT/cohort.xml and OUT/cases.csv of a real cohort (glioma, chest-xray,
# chest-xray-dev or head-t1) whose images stay where they are. Ingest with --root and the folder printed.
set -eu
here=$(dirname "$(realpath "$0")")
name=$1 shared=$2 out=$3
mkdir -p "$out"
cp "$here/cohorts/$name/cohort.xml" "$out/"
case $name in
glioma)
    root=$shared/data/glioma-mr
    awk -F, '
        NR == 1 { print "case_id,provider,channel:pre,channel:flair,channel:post,reference,attr:sex,attr:age_band,attr:grade,attr:histology"; next }
        { sub(/\r$/, ""); print $1 "," $2 "," $1 "/pre.nii.gz," $1 "/flair.nii.gz," $1 "/post.nii.gz," $1 "/mask.nii.gz," $3 "," $4 "," $5 "," $6 }
    ' "$root/cases.csv" >"$out/cases.csv"
    ;;
chest-xray | chest-xray-dev)
    root=$shared/data/$name
    awk -F, '
        NR == 1 { print "case_id,channel:xray,class"; next }
        { sub(/\r$/, ""); print $1 ",img/" $1 ".png," $2 }
    ' "$root/cases.csv" >"$out/cases.csv"
    ;;
head-t1)
    root=$shared/data/head-t1
    printf '%s\n' 'case_id,provider,channel:t1' 't1-crop,brainchop,t1_crop.nii.gz' 'ch2,mricron,ch2.nii.gz' \
        >"$out/cases.csv"
    ;;
*)
    echo "make_sources.sh: no cohort \"$name\"" >&2
    exit 2
    ;;
esac
echo "$root"
