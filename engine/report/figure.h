/* Numbers for people; report.xml has them in full. */
#ifndef CM_REPORT_FIGURE_H
#define CM_REPORT_FIGURE_H

#include "engine/base/status.h"

typedef enum cm_figure_place {
    CM_FIGURE_ALONE, /* what is smaller than the last decimal is "<0.001" */
    CM_FIGURE_END    /* of an interval: there it is zero */
} cm_figure_place;

/* value with as many decimals as `like` has: three of a ratio (unit "1"), two of another unit, three that
 * matter without one (""); fewer from 10 on, none from 100 on, where thousands are set apart. A minus is
 * U+2212. "NaN" for what is no finite number. Thread-safe. */
cm_str cm_figure(double value, const char *unit, double like, cm_figure_place place);

#endif
