/* The catalogue: one row per metric, in one file of rows per family (rows/). Lists, help, docs/metrics.md and
 * every report read this table. A value that may change for the same input means a higher version and a line
 * in CHANGELOG.md under "results". */
#include <math.h>

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
#define OWN_SURFACE                                                                                          \
    "Surface of a mask: its voxels with a direct neighbour (6 in 3-D, 4 in a 2-D image) outside the mask; "  \
    "outside the image is outside the mask"
#define SURFEL                                                                                               \
    "Elements: at every corner between voxels of which some but not all are in the mask, the piece of the "  \
    "marching-cubes surface there (in a 2-D image, of the contour), with its area in the spacing of the "    \
    "image; outside the image is outside the mask. Distances are between corners"
#define MESH                                                                                                  \
    "Mesh: at every corner between voxels of which some but not all are in the mask, for each group of them " \
    "that share faces (of the voxels in the mask where at most half are, else of the others) the polygon "    \
    "through the middles of the lines between group and rest, a polygon of more than three points cut into "  \
    "triangles from the mean of its points (in a 2-D image: lines); outside the image is outside the mask. "  \
    "Distances are from the centre of each triangle to the nearest point of the other mesh; a triangle "      \
    "weighs as much as its area"
#define PODOBNIK "after Podobnik & Vrtovec 2025, MeshMetrics, doi:10.48550/arXiv.2509.05670 (other triangles)"
#define LESIONS                                                                                              \
    "Lesions: connected components of a mask. any-overlap: a lesion is matched when it shares a voxel with " \
    "the other mask; cover@S: when at least the share S of it lies in the other mask; iou-strict@S: pairs "  \
    "with IoU > S >= 0.5, which are unique; iou-greedy@S: pairs with IoU >= S, largest IoU first, one to "   \
    "one; iou-hungarian@S: pairs with IoU >= S, one to one, with the largest sum of IoU. Ties: reference "   \
    "lesion, then predicted lesion, in raster order of the first voxel"
#define BRATS                                                                                                \
    "Reference components (26) whose masks dilated d times touch are one lesion; its prediction are all "    \
    "predicted components (26) that touch the dilated lesion; predicted components that touch none are "     \
    "false positives, whatever their size"
#define SLICES                                                                                               \
    "mean over the slices along axis a of the image in which a mask has a voxel, each measured as a 2-D "    \
    "image of its own (a 2-D image is one slice), of "
#define AXIS        "a: the axis that is cut, x, y or z as the image is stored (x is fastest)"
#define EMPTY_SLICE "A slice in which one mask alone is empty counts the worst value: "
#define NIKOLOV     "Nikolov et al. 2021, doi:10.2196/26151"
#define PERCENTILE                                                                                           \
    "q: percentile, > 0 and < 100, up to six digits on each side of the point (the maximum is HD)"
#define TOLERANCE_MM                                                                                         \
    "t: tolerance in mm, > 0, up to six digits on each side of the point. Refused for a cohort of unknown "  \
    "spacing: use a tolerance in voxels there"
#define TOLERANCE_VOXELS "t: tolerance in voxels, > 0, up to six digits on each side of the point"
#define CONNECTIVITY     "c: connectivity of a lesion, 6, 18 or 26 (in a 2-D image 4, 8, 8)"
#define CONNECTIVITY_AND_RULE                                                                                \
    CONNECTIVITY "; r: matching rule, any-overlap, cover@S, iou-strict@S, iou-greedy@S or iou-hungarian@S, " \
                 "S a share > 0 and at most 1 (iou-strict: at least 0.5 and below 1)"
#define CONNECTIVITY_AND_PAIRS                                                                               \
    CONNECTIVITY "; m: one-to-one matching rule, iou-strict@S, iou-greedy@S or iou-hungarian@S, S a share "  \
                 "> 0 and at most 1 (iou-strict: at least 0.5 and below 1)"
#define NO_PAIR                                                                                              \
    "undefined (0/0) when no pair is matched; aggregates: 0 when one mask alone is empty, excluded "         \
    "otherwise, so read it together with the recognition quality"
#define NONE_OF_SIZE                                                                                         \
    "undefined (0/0) when there is no lesion of that size; aggregates: 0 when one mask alone is empty, "     \
    "excluded otherwise"
#define PER_CLASS                                                                                            \
    "computed over the cases of a cohort, one class against the rest; macro: unweighted mean over classes, " \
    "undefined when a class is"

/* In words, and the least and the greatest value there can be. */
#define RANGE(words, low, high) .range = (words), .least = (low), .greatest = (high)
#define NO_PARAMETER            .parameters = "none"
#define FRACTION_RANGE          RANGE("0 to 1", 0, 1), .unit = "1", .direction = CM_HIGHER_IS_BETTER, .best = 1

#define OF_CASE .version = 1, .kind = CM_METRIC_SEGMENTATION, .averaging = PER_CASE
#define COHORT_SHARE                                                                                         \
    .version = 1, .kind = CM_METRIC_SEGMENTATION, FRACTION_RANGE, .has_worst = true, .worst = 0,             \
    .averaging = "computed once per target from all cases of a cohort, no mean of values of cases; a "       \
                 "missing prediction counts as an empty one (policy worst) or is left out (exclude)"
#define SHARE_OF_CASE OF_CASE, FRACTION_RANGE, .has_worst = true, .worst = 0
#define SLICE_SHARE   SHARE_OF_CASE, .needs = CM_NEEDS_SLICES, .mask = cm_mask_mean_of_slices
#define SLICE_DISTANCE                                                                                       \
    OF_CASE, RANGE("0 to the image diagonal", 0, INFINITY),                                                  \
        .unit = "mm", .direction = CM_LOWER_IS_BETTER, .best = 0, .has_worst = true,                         \
        .worst_is_diagonal = true, .needs = CM_NEEDS_SLICES, .mask = cm_mask_mean_of_slices,                 \
        .slice_needs = CM_NEEDS_DISTANCES,                                                                   \
        .empty_rule = EMPTY_SLICE "the diagonal of the slice. Undefined when a mask has no voxel in "        \
                                  "any slice; aggregates: the image diagonal when one mask alone is "        \
                                  "empty, excluded when both are"
#define OVERLAP SHARE_OF_CASE, .needs = CM_NEEDS_LABELS
#define CORRELATION_OF_VOXELS                                                                                \
    OF_CASE, RANGE("-1 to 1", -1, 1), .unit = "1", .direction = CM_HIGHER_IS_BETTER, .best = 1,              \
                                      .has_worst = true, .worst = -1, .needs = CM_NEEDS_COUNTS
#define RELATIVE_VOLUME OF_CASE, .unit = "1", .best = 0, .has_worst = false, .needs = CM_NEEDS_COUNTS
#define VOLUME                                                                                               \
    OF_CASE, RANGE("0 upwards", 0, INFINITY), .unit = "mm3", .direction = CM_HIGHER_IS_BETTER, .best = 0,    \
                                              .has_worst = false, .needs = CM_NEEDS_COUNTS
#define COUNT_ERROR                                                                                          \
    OF_CASE, RANGE("0 upwards", 0, INFINITY), .unit = "1", .direction = CM_LOWER_IS_BETTER, .best = 0,       \
                                              .has_worst = false
#define LESION_DIFFERENCE                                                                                    \
    OF_CASE, RANGE("any whole number", -INFINITY, INFINITY),                                                 \
        .unit = "1", .direction = CM_CLOSER_TO_ZERO_IS_BETTER, .best = 0, .has_worst = false
#define BRATS_DISTANCE                                                                                       \
    OF_CASE, RANGE("0 upwards", 0, INFINITY), .unit = "mm", .direction = CM_LOWER_IS_BETTER, .best = 0,      \
                                              .has_worst = true, .worst = 374
#define DISTANCE                                                                                             \
    OF_CASE, RANGE("0 to the image diagonal", 0, INFINITY),                                                  \
        .unit = "mm", .direction = CM_LOWER_IS_BETTER, .best = 0, .has_worst = true,                         \
        .worst_is_diagonal = true, .empty_rule = NO_EMPTY_SURFACE
#define NSD                                                                                                  \
    SHARE_OF_CASE, .empty_rule =                                                                             \
                       "undefined when a mask is empty (no surface to measure to); aggregates: 0 when one "  \
                       "mask alone is empty, excluded when both are"
#define BOUNDARY                 SHARE_OF_CASE, .empty_rule = BOTH_EMPTY_0_0
#define CLASSIFICATION           .version = 1, .kind = CM_METRIC_CLASSIFICATION, .has_worst = true
#define CLASSIFICATION_UNBOUNDED .version = 1, .kind = CM_METRIC_CLASSIFICATION, .has_worst = false
#define DECISIONS                CLASSIFICATION, FRACTION_RANGE, .worst = 0

const cm_metric_definition cm_metric_catalogue[] = {
#include "metrics/rows/overlap.inc"
#include "metrics/rows/surface.inc"
#include "metrics/rows/mesh.inc"
#include "metrics/rows/slices.inc"
#include "metrics/rows/topology.inc"
#include "metrics/rows/lesion.inc"
#include "metrics/rows/classification.inc"
};

const int cm_metric_catalogue_count = sizeof cm_metric_catalogue / sizeof *cm_metric_catalogue;
