/* Small cohorts for tests, made from nothing in a scratch folder. */
#ifndef CM_TESTS_UNIT_COHORT_SOURCE_H
#define CM_TESTS_UNIT_COHORT_SOURCE_H

#include "engine/cohort/cohort.h"
#include "engine/image/reader.h"

/* A new folder below TMPDIR; malloc'd path. Removed with everything in it by scratch_remove (which frees it).
 */
char *scratch_create(void);
void scratch_remove(char *folder);

void write_text(const char *folder, const char *name, const char *text);
/* A volume of `channels` whose voxel i is (first + i * step) cast to the type; orientation RAS, spacing 1, 2,
 * 3 mm (x, y, z), moved by `shift` mm in x. */
cm_volume *make_volume(cm_shape3 shape, int channels, cm_dtype type, double first, double step, double shift);
void write_volume(const char *folder, const char *name, const cm_volume *v);
/* A label map of zeros with a box of `value`, on the grid of make_volume. */
void write_mask(const char *folder, const char *name, cm_shape3 shape, int value, double shift);
/* A 2-D 8-bit picture. */
void write_png(const char *folder, const char *name, int width, int height, int channels, int first);

/* cohort.xml with this inside of the element after what is always needed. */
void write_segmentation_xml(const char *folder, const char *extra);
void write_classification_xml(const char *folder);
/* n cases of 12x10x8 voxels (one odd-sized), channels a and b, masks of labels 0, 1, 2, two providers, two
 * splits. */
void make_segmentation(const char *folder, int n);

/* Ingests with a team of one. */
cm_status ingest(const char *source, const char *out, cm_error *err);

#endif
