/* Synthetic findings. The margin is a closed curve r(angle) made of harmonics; cos and sin of multiples of
 * the angle come from cos and sin of the angle itself, x/r and y/r, by the angle-sum rule, so no library
 * function is used. */
#include "engine/demo/findings.h"

#include <math.h>
#include <stdbool.h>

#include "engine/demo/field.h"

enum { HARMONICS = 10 };

typedef struct mass {
    double x, y, radius; /* pixels */
    double cosine[HARMONICS], sine[HARMONICS];
    double edge; /* width of the margin, relative to the radius */
    double signal, texture;
} mass;

typedef struct detector {
    double contrast, noise, offset;
} detector;

static const detector detectors[3] = {{1.0, 9, 0}, {0.75, 15, 14}, {1.1, 12, -12}};

/* severity 0..1: how irregular the margin is. Low harmonics make a lobed outline, high ones spicules. */
static void make_mass(mass *m, cm_draws *d, double severity)
{
    m->radius = cm_draws_between(d, 5.5, 9.5);
    m->x = 15.5 + cm_draws_between(d, -4, 4);
    m->y = 15.5 + cm_draws_between(d, -4, 4);
    for (int k = 0; k < HARMONICS; k++) {
        const double lobed = k == 2 || k == 3 ? 0.10 : 0, spiculed = k >= 4 ? 0.15 * severity : 0;
        m->cosine[k] = (lobed + spiculed) * cm_draws_between(d, -1, 1);
        m->sine[k] = (lobed + spiculed) * cm_draws_between(d, -1, 1);
    }
    m->edge = 0.12 + 0.25 * severity * cm_draws_between(d, 0.5, 1);
    m->signal = cm_draws_between(d, 45, 95);
    m->texture = cm_draws_between(d, 4, 14);
}

/* 1 well inside, 0 well outside. */
static double inside(const mass *m, double x, double y)
{
    const double dx = x - m->x, dy = y - m->y, r = sqrt(dx * dx + dy * dy);
    if (r < 0.5) return 1;
    const double c1 = dx / r, s1 = dy / r;
    double c = 1, s = 0, boundary = 1;
    for (int k = 0; k < HARMONICS; k++) {
        boundary += m->cosine[k] * c + m->sine[k] * s;
        const double next = c * c1 - s * s1;
        s = s * c1 + c * s1;
        c = next;
    }
    return cm_smoothstep(-m->edge, m->edge, boundary - r / m->radius);
}

void cm_finding_make(uint64_t seed, int64_t index, cm_finding_image *out)
{
    static const char *const bands[] = {"40-49", "50-59", "60-69", "70-79"};
    static const char *const densities[] = {"low", "medium", "high"};
    /* Streams 32 and up: none is shared with the patients of phantom.c. */
    cm_draws d = cm_draws_begin(seed, index, 32), noise = cm_draws_begin(seed, index, 33),
             field_draws = cm_draws_begin(seed, index, 34);
    cm_field field;
    mass m;
    const bool malignant = cm_draws_below(&d, 5) < 2;
    const double severity = malignant ? cm_draws_between(&d, 0.30, 1) : cm_draws_between(&d, 0, 0.50);
    const int density = cm_draws_below(&d, 3);
    out->class_value = malignant ? CM_FINDING_MALIGNANT : CM_FINDING_BENIGN;
    out->provider = (int)(index % 3);
    out->density = densities[density];
    out->age_band = bands[cm_draws_below(&d, 4)];
    cm_field_fill(&field, &field_draws);
    make_mass(&m, &d, severity);
    const detector *det = &detectors[out->provider];
    for (int y = 0; y < CM_FINDING_SIZE; y++) {
        for (int x = 0; x < CM_FINDING_SIZE; x++) {
            double v = 85 + (14 + 8 * density) * cm_field_at(&field, x / 9.0, y / 9.0, 0) +
                       10 * cm_field_at(&field, x / 3.0, y / 3.0, 5);
            v += inside(&m, x, y) * (m.signal + m.texture * cm_field_at(&field, x / 2.5, y / 2.5, 9));
            v = det->offset + 100 + det->contrast * (v - 100) + det->noise * cm_draws_normal(&noise);
            out->pixels[y * CM_FINDING_SIZE + x] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : floor(v + 0.5));
        }
    }
}
