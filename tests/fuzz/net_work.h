/* How long a planned net will run, so that a fuzz target can pass over the few that would take seconds. */
#ifndef CM_TESTS_FUZZ_NET_WORK_H
#define CM_TESTS_FUZZ_NET_WORK_H

#include "engine/model/model.h"

/* What all runs of one input may take together: about a second under the sanitizers with coverage (0.1 to 0.3
 * microseconds a unit on the machine it was chosen on), 30 times less without. Every kernel is within reach:
 * the smallest convolution that Winograd's algorithm takes is 4.4e5. */
enum { NET_WORK_MOST = 4000000 };

/* Units of one run: the planned operations; two for each element of an output, for what is done once per
 * element, row or matrix of a batch whatever it holds; and of a transposed convolution each tap that the
 * scalar definition looks at to find the few that exist. */
double net_work(const cm_plan *plan);

#endif
