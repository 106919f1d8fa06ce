/* The work of a plan, from its steps. */
#include "tests/fuzz/net_work.h"

#include <string.h>

#include "engine/model/plan.h"

/* Every output looks at all taps of its input channels; weights are [in][out / groups][taps]. */
static double taps_looked_at(const cm_step *s)
{
    const cm_tensor *w = s->x[1], *y = s->y[0];
    return cm_count_f(y) * cm_count_f(w) / (double)y->dim[1];
}

double net_work(const cm_plan *plan)
{
    double work =
        cm_count_f(&plan->tensors[plan->input_value]) + cm_count_f(&plan->tensors[plan->output_value]);
    for (int64_t n = 0; n < plan->n_steps; n++) {
        const cm_step *s = &plan->steps[n];
        if (!s->op || s->view_of >= 0) continue;
        work += s->operations;
        for (int i = 0; i < s->n_y; i++)
            if (s->y[i]->element) work += (1 + s->y[i]->rank) * cm_count_f(s->y[i]);
        if (strcmp(s->op->name, "ConvTranspose") == 0) work += taps_looked_at(s);
    }
    return work;
}
