/* EuCanImage's metrics beside ours. A name is taken over only where the same numbers would come out of both:
 * the same formula, the same unit, and the same surface. Sources: the metric programs of EuCanImage's
 * OpenEBench workflows (eucanimage_dockers, eucanimage_segmentation_dockers, October 2025) and
 * docs/metrics.md. */
#include "engine/report/openebench_names.h"

#include <stddef.h>
#include <string.h>

#define CLASSES CM_METRIC_CLASSIFICATION
#define MASKS   CM_METRIC_SEGMENTATION

const cm_eucanimage_metric cm_eucanimage_metrics[] = {
    {"sensitivity", "SENS", "TP/(TP+FN)", CLASSES, false},
    {"specificity", "SPEC", "TN/(TN+FP)", CLASSES, false},
    {"precision", "PPV", "TP/(TP+FP)", CLASSES, false},
    {"npv", "NPV", "TN/(TN+FN)", CLASSES, false},
    {"accuracy", "ACC", "(TP+TN)/N", CLASSES, false},
    {"f1_score", "F1", "2TP/(2TP+FP+FN)", CLASSES, false},
    {"balanced_accuracy", "BACC", "mean of sensitivity and specificity", CLASSES, false},
    {"cohen_kappa", "KAPPA", "Cohen's kappa", CLASSES, false},
    {"weighted_cohen_kappa", "WKAPPA.quadratic", "quadratic weights; with two classes equal to kappa",
     CLASSES, false},
    {"matthews_corrcoef", "MCC", "Matthews correlation", CLASSES, false},
    {"roc_auc", "AUROC", "trapezoids of the ROC curve = the rank statistic with ties as half", CLASSES,
     false},
    {"pr_auc", "AUPRC.trap", "trapezoids of the precision-recall curve; AP.step is another number", CLASSES,
     false},
    {"dice", "DSC", "2|A and B|/(|A|+|B|)", MASKS, false},
    {"jaccard", "IOU", "|A and B|/|A or B|", MASKS, false},
    {"surface_dice", NULL,
     "1 mm is turned into voxels by the mean spacing and measured without spacing; NSD.*@1mm measures in mm",
     MASKS, false},
    {"hausdorff", NULL,
     "its surface is the mask minus a 3x3x3 erosion, ours minus one by the 6-neighbour cross", MASKS, true},
    {"hausdorff95", NULL, "the same other surface; and a percentile that is not finite becomes 0 there",
     MASKS, true},
    {"assd", NULL, "the same other surface", MASKS, true},
    {"modified_hausdorff", NULL, "the larger of two mean distances; this engine has no such metric", MASKS,
     true},
};
const int cm_eucanimage_metric_count = sizeof cm_eucanimage_metrics / sizeof *cm_eucanimage_metrics;

const char *cm_eucanimage_name(const char *metric_id)
{
    for (int k = 0; k < cm_eucanimage_metric_count; k++)
        if (cm_eucanimage_metrics[k].ours && !strcmp(cm_eucanimage_metrics[k].ours, metric_id))
            return cm_eucanimage_metrics[k].name;
    return NULL;
}

bool cm_oeb_cut_distance(char *id)
{
    const size_t n = strlen(id), tail = sizeof CM_OEB_DISTANCE - 1;
    if (n <= tail || strcmp(id + n - tail, CM_OEB_DISTANCE) != 0) return false;
    id[n - tail] = '\0';
    return true;
}

cm_name_owner cm_openebench_direction(const char *name, cm_direction *out)
{
    char id[64];
    cm_metric metric;
    for (int k = 0; k < cm_eucanimage_metric_count; k++)
        if (!strcmp(cm_eucanimage_metrics[k].name, name)) {
            *out = cm_eucanimage_metrics[k].lower_is_better ? CM_LOWER_IS_BETTER : CM_HIGHER_IS_BETTER;
            return CM_NAME_EUCANIMAGE;
        }
    size_t length = strcspn(name, "_");
    if (length >= sizeof id || !name[length]) return CM_NAME_UNKNOWN;
    memcpy(id, name, length);
    id[length] = '\0';
    const bool distance = cm_oeb_cut_distance(id);
    if (cm_metric_parse(id, &metric, NULL)) return CM_NAME_UNKNOWN;
    const cm_direction direction = metric.definition->direction;
    if (distance && !cm_direction_has_target(direction)) return CM_NAME_UNKNOWN;
    *out = distance ? cm_direction_of_compared(direction) : direction;
    return CM_NAME_OURS;
}
