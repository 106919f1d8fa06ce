/* What synthetic images are drawn with: a stream of random draws and smooth random fields. Only + - * / sqrt
 * and floor on doubles, so the same seed gives the same bytes on every machine. */
#ifndef CM_ENGINE_DEMO_FIELD_H
#define CM_ENGINE_DEMO_FIELD_H

#include "engine/base/random.h"

/* Draws in order, from stream `stream` (0..63) of case `index` (0 .. 2^26 - 1). One thread per object. */
typedef struct cm_draws {
    cm_random random;
    uint64_t replicate, next;
} cm_draws;
cm_draws cm_draws_begin(uint64_t seed, int64_t index, int stream);
double cm_draws_between(cm_draws *draws, double low, double high);
double cm_draws_normal(cm_draws *draws); /* mean 0, sd 1 */
int cm_draws_below(cm_draws *draws, int n);

/* Values in [-1, 1] on a lattice that repeats every 16 cells, blended smoothly between lattice points. */
enum { CM_FIELD_CELLS = 16 };
typedef struct cm_field {
    double value[CM_FIELD_CELLS * CM_FIELD_CELLS * CM_FIELD_CELLS];
} cm_field;
void cm_field_fill(cm_field *field, cm_draws *draws);
double cm_field_at(const cm_field *field, double x, double y, double z); /* in cells */

/* 0 below low, 1 above high, 3t^2 - 2t^3 between. */
double cm_smoothstep(double low, double high, double x);

#endif
