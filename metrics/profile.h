/* Compatibility profiles: what other evaluation tools call Dice, HD95 and so on, recomputed from their
 * definitions, known defects included, so that two papers can be compared. They are labels for figures of
 * others, never metrics of a bench: bench.xml takes ids of the catalogue. */
#ifndef CM_METRICS_PROFILE_H
#define CM_METRICS_PROFILE_H

#include "metrics/segmentation.h"

typedef enum cm_profile_column {
    CM_COLUMN_DICE = 0,
    CM_COLUMN_IOU = 1,
    CM_COLUMN_HD = 2,
    CM_COLUMN_HD95 = 3,
    CM_COLUMN_ASSD = 4,
    CM_COLUMN_NSD = 5, /* at the tolerance asked for */
    CM_COLUMN_LESIONS = 6,
    CM_COLUMN_COUNT = 7
} cm_profile_column;
const char *cm_profile_column_name(cm_profile_column column); /* "dice" "iou" "hd" ... */

/* What the tool gives for one column. */
typedef enum cm_profile_answer {
    CM_ANSWER_NONE = 0, /* it has no such metric */
    CM_ANSWER_VALUE = 1,
    CM_ANSWER_NAN = 2,
    CM_ANSWER_INFINITE = 3,
    CM_ANSWER_ERROR = 4,    /* it stops with an error */
    CM_ANSWER_UNDEFINED = 5 /* cohmark's own row: a status, no number */
} cm_profile_answer;

typedef struct cm_profile_value {
    cm_profile_answer answer;
    double value; /* with CM_ANSWER_VALUE */
    char id[64];  /* the metric of the catalogue that has this definition; "" = none has, see the profile's
                     text */
} cm_profile_value;

typedef struct cm_profile {
    const char *name;    /* "monai" */
    const char *tool;    /* name and version */
    const char *rules;   /* what it takes for each column, in words */
    const char *defects; /* known defects that a reader must know; "none known" */
} cm_profile;

/* cohmark's own defaults first, then the tools. */
enum { CM_PROFILE_COUNT = 9 };
extern const cm_profile cm_profiles[CM_PROFILE_COUNT];

/* values: [CM_PROFILE_COUNT][CM_COLUMN_COUNT], fully written on CM_OK. tolerance: of NSD, > 0, at most six
 * digits on each side of the point; in mm, in voxels where the spacing is unknown and for the profile that
 * knows none. The pair must have no ignored value (CM_ERR_ARG). Errors as cm_score_segmentation. */
cm_status cm_profiles_score(cm_backend *backend, const cm_pair *pair, const cm_target *target,
                            double tolerance, cm_profile_value (*values)[CM_COLUMN_COUNT], cm_error *err);

#endif
