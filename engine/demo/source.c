/* Source folders: images made and written by a pool, one task a case, then cases.csv in case order. */
#include "engine/demo/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/demo/findings.h"
#include "engine/demo/phantom.h"
#include "engine/image/reader.h"

/* One case: its row of cases.csv, or what went wrong. */
typedef struct made {
    cm_str row;
    cm_error err;
    cm_status status;
} made;

typedef struct source {
    const char *folder;
    uint64_t seed;
    made *cases;
} source;

static cm_str image_path(const char *folder, const char *sub, const char *id, const char *ending)
{
    return cm_strf("%s/%s/%s.%s", folder, sub, id, ending);
}

static void make_patient(void *context, int64_t task, int worker)
{
    source *s = context;
    made *m = &s->cases[task];
    cm_phantom p;
    (void)worker;
    const cm_str id = cm_strf("case-%04d", (int)task + 1);
    const bool has_reference = task != CM_DEMO_NO_REFERENCE;
    m->status = cm_phantom_make(s->seed, task, &p, &m->err);
    if (!m->status)
        m->status = cm_nifti_write(image_path(s->folder, "images", id.s, "nii.gz").s, p.image, &m->err);
    if (!m->status && has_reference)
        m->status =
            cm_nifti_write(image_path(s->folder, "references", id.s, "nii.gz").s, p.reference, &m->err);
    m->row = cm_strf("%s,%s,test,images/%s.nii.gz,%s,%s,%s\n", id.s, cm_phantom_providers[p.provider], id.s,
                     has_reference ? cm_strf("references/%s.nii.gz", id.s).s : "", p.sex, p.age_band);
    cm_phantom_fini(&p);
}

static void make_finding(void *context, int64_t task, int worker)
{
    source *s = context;
    made *m = &s->cases[task];
    cm_finding_image f;
    (void)worker;
    const cm_str id = cm_strf("image-%04d", (int)task + 1);
    cm_finding_make(s->seed, task, &f);
    m->status = cm_png_write(image_path(s->folder, "images", id.s, "png").s, f.pixels, CM_FINDING_SIZE,
                             CM_FINDING_SIZE, 1, &m->err);
    m->row = cm_strf("%s,%s,test,images/%s.png,%d,%s,%s\n", id.s, cm_phantom_providers[f.provider], id.s,
                     f.class_value, f.density, f.age_band);
}

/* The first case that failed decides, whatever order the tasks ran in. */
static cm_status first_failure(const made *cases, int64_t n, cm_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        if (!cases[i].status) continue;
        if (err) *err = cases[i].err;
        return cases[i].status;
    }
    return CM_OK;
}

static cm_status write_table(const source *s, const char *header, int64_t n, cm_error *err)
{
    char *text = malloc(strlen(header) + (size_t)n * sizeof(cm_str) + 1), *at = text;
    if (!text) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the table of cases");
    at = stpcpy(at, header);
    for (int64_t i = 0; i < n; i++)
        at = stpcpy(at, s->cases[i].row.s);
    cm_status st = cm_file_write(cm_strf("%s/cases.csv", s->folder).s, text, at - text, err);
    free(text);
    return st;
}

static cm_status write_source(source *s, int64_t n, const char *header, cm_task task, cm_threads *pool,
                              cm_error *err)
{
    if (n < 1 || n > CM_DEMO_MAX_CASES)
        return CM_FAIL(
            err, CM_ERR_ARG, .what = "the number of cases is out of range",
            .why = cm_strf("%lld asked for, 1 to %d are possible", (long long)n, CM_DEMO_MAX_CASES).s);
    s->cases = calloc((size_t)n, sizeof *s->cases);
    if (!s->cases) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the table of cases");
    cm_threads_for(pool, n, task, s);
    cm_status st = first_failure(s->cases, n, err);
    if (!st) st = write_table(s, header, n, err);
    free(s->cases);
    return st;
}

cm_status cm_demo_write_patients(const char *folder, uint64_t seed, int64_t cases, cm_threads *pool,
                                 cm_error *err)
{
    source s = {.folder = folder, .seed = seed};
    cm_status st = cm_folder_create(folder, true, err);
    if (!st) st = cm_folder_create(cm_strf("%s/images", folder).s, true, err);
    if (!st) st = cm_folder_create(cm_strf("%s/references", folder).s, true, err);
    return st ? st
              : write_source(&s, cases,
                             "case_id,provider,split,channel:t1,reference,attr:sex,attr:age_band\n",
                             make_patient, pool, err);
}

cm_status cm_demo_write_findings(const char *folder, uint64_t seed, int64_t cases, cm_threads *pool,
                                 cm_error *err)
{
    source s = {.folder = folder, .seed = seed};
    cm_status st = cm_folder_create(folder, true, err);
    if (!st) st = cm_folder_create(cm_strf("%s/images", folder).s, true, err);
    return st ? st
              : write_source(&s, cases,
                             "case_id,provider,split,channel:image,class,attr:density,attr:age_band\n",
                             make_finding, pool, err);
}
