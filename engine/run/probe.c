/* One item alone, in the process that calls: what a suspect's child does. The prediction is thrown away. */
#include <stddef.h>

#include "engine/run/setup.h"

cm_status cm_probe_item(const cm_setup *s, int tool, int64_t case_number, cm_error *err)
{
    cm_images *images = NULL;
    cm_volume *image = NULL;
    cm_backend *backend = NULL;
    cm_session *session = NULL;
    cm_prediction prediction = {0};
    cm_stop stop = {0};
    cm_status st = cm_images_open(s->cohort, &images, err);
    if (!st) st = cm_images_load(images, s->case_index[case_number], NULL, &image, err);
    if (!st) st = cm_backend_cpu_create(NULL, -1, &backend, err);
    if (!st) st = cm_session_create(s->tools[tool], backend, &session, err);
    if (s->bench->seconds_per_case > 0) stop.deadline_s = cm_now_s() + s->bench->seconds_per_case;
    if (!st) st = cm_session_run(session, image, s->channels[tool], &stop, &prediction, err);
    cm_prediction_fini(&prediction);
    cm_session_destroy(session);
    cm_backend_destroy(backend);
    cm_volume_destroy(image);
    cm_images_close(images);
    return st;
}
