/* How long a planned net will run, so that a fuzz target can pass over the few that would take seconds. */
#ifndef CM_TESTS_FUZZ_NET_WORK_H
#define CM_TESTS_FUZZ_NET_WORK_H

#include "engine/model/model.h"

/* What all runs of one input may take together: about half a second under the sanitizers with coverage (0.1
 * to 0.3 microseconds a unit on the machine it was chosen on), 30 times less without. Nearly every
 * kernel is within reach: four runs of the smallest convolution that Winograd's F(2,3) takes are 1.8e6; those
 * that F(4,3) takes are larger, and left to property.kernels.conv_bits. */
enum { NET_WORK_MOST = 2000000 };

/* Units of one run: the numbers that go in and come out; the planned operations; one and one per dimension
 * for each element of an output, for what is done once per element, row or matrix of a batch, such as finding
 * where it lies; and of a transposed convolution each tap that the scalar definition looks at to find the few
 * that exist. */
double net_work(const cm_plan *plan);

#endif
