/* The runs behind one answer: every model of a tool, each on every mirroring of its input. The answer is
 * their mean, added up in one fixed order, so that it has the same bits everywhere. */
#ifndef CM_ENGINE_MODEL_PASSES_H
#define CM_ENGINE_MODEL_PASSES_H

#include "engine/base/threads.h"
#include "engine/model/tool_spec.h"

enum { CM_MAX_MIRRORINGS = 8 };

/* Mirrorings in the order they are run, as nnU-Net has it (itertools.combinations): none, single axes, pairs,
 * all three, each by tensor axes from the first on. Bit k of an entry: tensor axis k (0 = w, the fastest) is
 * reversed. Returns how many, 1 to 8. */
int cm_mirrorings(const cm_input_spec *input, unsigned reversed[CM_MAX_MIRRORINGS]);
/* The same without the list. */
int cm_mirroring_count(const cm_input_spec *input);
/* "mirrored along d and h" for messages; "" for none. */
cm_str cm_mirroring_text(unsigned reversed);

/* mean = output / passes, or mean += output / passes (each term rounded to float before it is added), turned
 * back along the reversed axes. Both [channels][tile d][tile h][tile w]; they may not alias. */
void cm_pass_add(const float *output, int64_t channels, const int64_t tile[3], unsigned reversed, int passes,
                 bool first, float *mean, cm_threads *pool);

#endif
