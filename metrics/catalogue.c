/* The catalogue: one row per metric. Lists, help, docs/metrics.md and every report read this table. A value
 * that may change for the same input means a higher version and a line in CHANGELOG.md under "results". */
#include "metrics/facts.h"

/* Texts that many rows share. */
#define RELOADED "Maier-Hein et al. 2024, Metrics reloaded, doi:10.1038/s41592-023-02151-z"
#define PER_CASE "computed per case and target; summarised over cases (mean, sd, median, quartiles)"
#define BOTH_EMPTY_0_0                                                                                       \
    "value 0 when one mask alone is empty; undefined (0/0) when both are empty; aggregates: excluded"
#define NO_EMPTY_SURFACE                                                                                     \
    "undefined when a mask is empty (no surface to measure to); aggregates: the image diagonal when one "    \
    "mask alone is empty, excluded when both are"
#define SURFACE                                                                                              \
    "Surface of a mask: its voxels with a direct neighbour (6 in 3-D, 4 in a 2-D image) outside the mask; "  \
    "outside the image is outside the mask. a: exact Euclidean distance from each reference surface voxel "  \
    "centre to the nearest prediction surface voxel centre; b: the reverse"
#define PER_CLASS                                                                                            \
    "computed over the cases of a cohort, one class against the rest; macro: unweighted mean over classes, " \
    "undefined when a class is"

#define NO_PARAMETER   .parameters = "none"
#define FRACTION_RANGE .range = "0 to 1", .unit = "1", .direction = CM_HIGHER_IS_BETTER, .best = 1

#define OVERLAP                                                                                              \
    .version = 1, .kind = CM_METRIC_SEGMENTATION, NO_PARAMETER, FRACTION_RANGE, .has_worst = true,           \
    .worst = 0, .averaging = PER_CASE, .needs = CM_NEEDS_COUNTS
#define DISTANCE                                                                                             \
    .version = 1, .kind = CM_METRIC_SEGMENTATION, .range = "0 to the image diagonal", .unit = "mm",          \
    .direction = CM_LOWER_IS_BETTER, .best = 0, .has_worst = true, .worst_is_diagonal = true,                \
    .averaging = PER_CASE, .empty_rule = NO_EMPTY_SURFACE, .needs = CM_NEEDS_DISTANCES
#define NSD                                                                                                  \
    .version = 1, .kind = CM_METRIC_SEGMENTATION, .title = "Normalised surface distance", FRACTION_RANGE,    \
    .has_worst = true, .worst = 0, .averaging = PER_CASE,                                                    \
    .empty_rule = "undefined when a mask is empty (no surface to measure to); aggregates: 0 when one mask "  \
                  "alone is empty, excluded when both are",                                                  \
    .reference = "Nikolov et al. 2021, doi:10.2196/26151 (there over surface elements)", .mask = cm_mask_nsd
#define CLASSIFICATION .version = 1, .kind = CM_METRIC_CLASSIFICATION, NO_PARAMETER, .has_worst = true
#define DECISIONS      CLASSIFICATION, FRACTION_RANGE, .worst = 0

const cm_metric_definition cm_metric_catalogue[] = {
    /* -- segmentation: overlap ------------------------------------------------------------------------- */
    {.pattern = "DSC",
     .example = "DSC",
     .title = "Dice similarity coefficient",
     .formula = "2 TP / (2 TP + FP + FN), in voxels",
     OVERLAP,
     .empty_rule = BOTH_EMPTY_0_0,
     .reference = "Dice 1945, doi:10.2307/1932409",
     .mask = cm_mask_dsc},
    {.pattern = "IOU",
     .example = "IOU",
     .title = "Intersection over union (Jaccard index)",
     .formula = "TP / (TP + FP + FN), in voxels",
     OVERLAP,
     .empty_rule = BOTH_EMPTY_0_0,
     .reference = "Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x",
     .mask = cm_mask_iou},
    {.pattern = "SENS.vox",
     .example = "SENS.vox",
     .title = "Sensitivity of voxels (recall)",
     .formula = "TP / (TP + FN), in voxels",
     OVERLAP,
     .empty_rule = "undefined (0/0) when the reference is empty; aggregates: 0 when the reference alone is "
                   "empty, excluded when both masks are",
     .reference = RELOADED,
     .mask = cm_mask_sensitivity},
    {.pattern = "PPV.vox",
     .example = "PPV.vox",
     .title = "Positive predictive value of voxels (precision)",
     .formula = "TP / (TP + FP), in voxels",
     OVERLAP,
     .empty_rule = "undefined (0/0) when the prediction is empty; aggregates: 0 when the prediction alone is "
                   "empty, excluded when both masks are",
     .reference = RELOADED,
     .mask = cm_mask_ppv},
    {.pattern = "VS",
     .example = "VS",
     .title = "Volume similarity",
     .formula = "1 - |FN - FP| / (2 TP + FP + FN), in voxels; says nothing about where the volume lies",
     OVERLAP,
     .empty_rule = BOTH_EMPTY_0_0,
     .reference = "Taha & Hanbury 2015, doi:10.1186/s12880-015-0068-x",
     .mask = cm_mask_volume_similarity},
    {.pattern = "RVD",
     .example = "RVD",
     .version = 1,
     .kind = CM_METRIC_SEGMENTATION,
     .title = "Relative volume difference, signed",
     .formula = "(Vp - Vr) / Vr with Vp, Vr the volumes of prediction and reference; positive: too large",
     NO_PARAMETER,
     .range = "-1 upwards",
     .unit = "1",
     .direction = CM_CLOSER_TO_ZERO_IS_BETTER,
     .best = 0,
     .has_worst = false,
     .empty_rule =
         "-1 when the prediction alone is empty; undefined when the reference is empty; aggregates: "
         "undefined values are excluded and counted, because there is no finite worst value",
     .averaging = PER_CASE,
     .reference = "Heimann et al. 2009, doi:10.1109/TMI.2009.2013851",
     .needs = CM_NEEDS_COUNTS,
     .mask = cm_mask_relative_volume_difference},

    /* -- segmentation: surface ------------------------------------------------------------------------- */
    {.pattern = "HD.vox",
     .example = "HD.vox",
     .title = "Hausdorff distance between voxel surfaces",
     .formula = "max(max a, max b). " SURFACE,
     NO_PARAMETER,
     DISTANCE,
     .reference = "Huttenlocher et al. 1993, doi:10.1109/34.232073",
     .mask = cm_mask_hausdorff},
    {.pattern = "HD<q>.vox.maxdir",
     .example = "HD95.vox.maxdir",
     .title = "Percentile of the Hausdorff distance between voxel surfaces, larger of both directions",
     .formula = "max(P_q(a), P_q(b)), P_q = q-th percentile by linear interpolation (type 7: R and NumPy "
                "default) of each direction by itself. " SURFACE,
     .parameters = "q: percentile, a whole number from 1 to 99 (the maximum is HD.vox)",
     DISTANCE,
     .reference = RELOADED,
     .mask = cm_mask_hausdorff_percentile},
    {.pattern = "ASSD.vox",
     .example = "ASSD.vox",
     .title = "Average symmetric surface distance between voxel surfaces",
     .formula = "(sum a + sum b) / (number of a + number of b). " SURFACE,
     NO_PARAMETER,
     DISTANCE,
     .reference = "Heimann et al. 2009, doi:10.1109/TMI.2009.2013851",
     .mask = cm_mask_assd},
    {.pattern = "NSD.vox@<t>mm",
     .example = "NSD.vox@2mm",
     .formula = "share of all surface voxels of both masks that lie within t mm (t included) of the other "
                "surface: (number of a <= t + number of b <= t) / (number of a + number of b). " SURFACE,
     .parameters = "t: tolerance in mm, > 0, up to six digits on each side of the point. Refused for a "
                   "cohort of unknown spacing: use a tolerance in voxels there",
     NSD,
     .needs_spacing = true,
     .needs = CM_NEEDS_DISTANCES},
    {.pattern = "NSD.vox@<t>vox",
     .example = "NSD.vox@1vox",
     .formula = "as NSD.vox@<t>mm, but distances and t are in voxels, whatever the spacing. " SURFACE,
     .parameters = "t: tolerance in voxels, > 0, up to six digits on each side of the point",
     NSD,
     .needs = CM_NEEDS_VOXEL_DISTANCES},

    /* -- classification: scores ------------------------------------------------------------------------ */
    {.pattern = "AUROC",
     .example = "AUROC",
     .title = "Area under the receiver operating characteristic",
     .formula = "share of pairs (case of the class, other case) in which the first has the higher score; "
                "equal scores count one half (Mann-Whitney). Exact: no thresholds, no bins",
     CLASSIFICATION,
     FRACTION_RANGE,
     .worst = 0,
     .empty_rule = "undefined when no case is of the class or all are",
     .averaging = PER_CLASS,
     .reference = "Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747",
     .one_vs_rest = cm_class_auroc},
    {.pattern = "AP.step",
     .example = "AP.step",
     .title = "Average precision, step rule",
     .formula = "sum over thresholds of (R_n - R_(n-1)) P_n, one threshold per distinct score (equal scores "
                "together), R recall, P precision. Not the trapezoid, which is another number",
     CLASSIFICATION,
     FRACTION_RANGE,
     .worst = 0,
     .empty_rule = "undefined when no case is of the class",
     .averaging = PER_CLASS,
     .reference = "Davis & Goadrich 2006, doi:10.1145/1143844.1143874",
     .one_vs_rest = cm_class_average_precision},
    {.pattern = "BRIER.binary",
     .example = "BRIER.binary",
     .title = "Brier score of one class",
     .formula = "mean of (p - y)^2, p the probability given to the class, y 1 for cases of the class, else 0",
     CLASSIFICATION,
     .range = "0 to 1",
     .unit = "1",
     .direction = CM_LOWER_IS_BETTER,
     .best = 0,
     .worst = 1,
     .empty_rule = "undefined without cases, and when a score lies outside 0 to 1 and so is no probability",
     .averaging = PER_CLASS,
     .reference = "Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
     .one_vs_rest = cm_class_brier},

    /* -- classification: decisions --------------------------------------------------------------------- */
    {.pattern = "ACC",
     .example = "ACC",
     .title = "Accuracy",
     .formula = "(TP + TN) / N, in cases; over all classes: share of cases decided rightly",
     DECISIONS,
     .empty_rule = "undefined without cases",
     .averaging = "computed over the cases of a cohort, one class against the rest; macro: over all classes "
                  "at once, not a mean over classes",
     .reference = RELOADED,
     .one_vs_rest = cm_class_accuracy,
     .all_class = cm_confusion_accuracy},
    {.pattern = "BACC",
     .example = "BACC",
     .title = "Balanced accuracy",
     .formula = "(SENS + SPEC) / 2; over all classes: mean over classes of SENS (the same for two classes)",
     DECISIONS,
     .empty_rule = "undefined when no case is of the class or all are; over all classes: when a class has no "
                   "case",
     .averaging = "computed over the cases of a cohort, one class against the rest; macro: mean over classes "
                  "of SENS, the multi-class definition, not the mean of one-against-rest values",
     .reference = "Brodersen et al. 2010, doi:10.1109/ICPR.2010.764",
     .one_vs_rest = cm_class_balanced_accuracy,
     .all_class = cm_confusion_balanced_accuracy},
    {.pattern = "SENS",
     .example = "SENS",
     .title = "Sensitivity (recall)",
     .formula = "TP / (TP + FN), in cases",
     DECISIONS,
     .empty_rule = "undefined (0/0) when no case is of the class",
     .averaging = PER_CLASS,
     .reference = "Altman & Bland 1994, doi:10.1136/bmj.308.6943.1552",
     .one_vs_rest = cm_class_sensitivity},
    {.pattern = "SPEC",
     .example = "SPEC",
     .title = "Specificity",
     .formula = "TN / (TN + FP), in cases",
     DECISIONS,
     .empty_rule = "undefined (0/0) when all cases are of the class",
     .averaging = PER_CLASS,
     .reference = "Altman & Bland 1994, doi:10.1136/bmj.308.6943.1552",
     .one_vs_rest = cm_class_specificity},
    {.pattern = "PPV",
     .example = "PPV",
     .title = "Positive predictive value (precision)",
     .formula = "TP / (TP + FP), in cases; depends on prevalence",
     DECISIONS,
     .empty_rule = "undefined (0/0) when no case is decided as the class",
     .averaging = PER_CLASS,
     .reference = "Altman & Bland 1994, doi:10.1136/bmj.309.6947.102",
     .one_vs_rest = cm_class_ppv},
    {.pattern = "NPV",
     .example = "NPV",
     .title = "Negative predictive value",
     .formula = "TN / (TN + FN), in cases; depends on prevalence",
     DECISIONS,
     .empty_rule = "undefined (0/0) when all cases are decided as the class",
     .averaging = PER_CLASS,
     .reference = "Altman & Bland 1994, doi:10.1136/bmj.309.6947.102",
     .one_vs_rest = cm_class_npv},
    {.pattern = "F1",
     .example = "F1",
     .title = "F1 score",
     .formula = "2 TP / (2 TP + FP + FN), in cases",
     DECISIONS,
     .empty_rule = "undefined (0/0) when no case is of the class and none is decided as it",
     .averaging = PER_CLASS,
     .reference = "van Rijsbergen 1979, Information Retrieval, 2nd edition",
     .one_vs_rest = cm_class_f1},
    {.pattern = "MCC",
     .example = "MCC",
     .title = "Matthews correlation coefficient",
     .formula = "(TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)), in cases; over all classes: R_K, the "
                "correlation of true and decided class (the same for two classes)",
     CLASSIFICATION,
     .range = "-1 to 1",
     .unit = "1",
     .direction = CM_HIGHER_IS_BETTER,
     .best = 1,
     .worst = -1,
     .empty_rule = "undefined (0/0) when all cases are of one class, or all are decided as one class",
     .averaging = "computed over the cases of a cohort, one class against the rest; macro: R_K over all "
                  "classes at once, not a mean over classes",
     .reference = "Matthews 1975, doi:10.1016/0005-2795(75)90109-9; R_K: Gorodkin 2004, "
                  "doi:10.1016/j.compbiolchem.2004.09.006",
     .one_vs_rest = cm_class_mcc,
     .all_class = cm_confusion_mcc},
};

const int cm_metric_catalogue_count = sizeof cm_metric_catalogue / sizeof *cm_metric_catalogue;
