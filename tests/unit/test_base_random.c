/* Philox4x32-10 against the known answers published with it, and the draws against an independent
 * computation with Python integers and mpmath (40 digits). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "engine/base/random.h"

/* Random123, file kat_vectors, lines "philox4x32 10". */
static const struct {
    uint32_t counter[4], key[2], out[4];
} known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static const cm_random boot = {0x0123456789abcdef, CM_PURPOSE_BOOTSTRAP};
static const cm_random test = {0x0123456789abcdef, CM_PURPOSE_TEST};

static void philox_known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t out[4];
        cm_philox4x32(known[i].counter, known[i].key, out);
        assert_memory_equal(out, known[i].out, sizeof out);
    }
}

/* The mapping from (seed, purpose, replicate, draw) to a number is part of every published interval. */
static void bounded_draws_are_pinned(void **state)
{
    (void)state;
    const struct {
        uint64_t n, draws[4];
    } pinned[] = {
        {2, {0, 0, 1, 0}},
        {10, {2, 0, 8, 2}},
        {1000, {259, 53, 809, 256}},
        {UINT64_C(3) << 62,
         {UINT64_C(3585235094232876660), UINT64_C(736987515757262496), UINT64_C(11201461132162149762),
          UINT64_C(6842416635527764721)}},
        {(UINT64_C(1) << 63) + 1,
         {UINT64_C(2390156729488584440), UINT64_C(491325010504841664), UINT64_C(4217452601888327470),
          UINT64_C(4561611090351843147)}},
    };
    for (size_t i = 0; i < sizeof pinned / sizeof *pinned; i++) {
        for (int draw = 3; draw >= 0; draw--) /* order does not matter */
            assert_true(cm_random_below(boot, 7, (uint64_t)draw, pinned[i].n) == pinned[i].draws[draw]);
    }
    assert_true(cm_random_below(boot, 7, 0, 1) == 0);
}

/* With n = 3 * 2^62 a plain multiply-shift gives values that are 0 mod 3 twice the share of the others; with
 * rejection each class has a third. 30,000 draws: expected 10,000, standard deviation 82, allowed 5 of it. */
static void bounded_draws_are_unbiased(void **state)
{
    (void)state;
    int count[3] = {0};
    for (uint64_t draw = 0; draw < 30000; draw++) {
        uint64_t value = cm_random_below(boot, 1, draw, UINT64_C(3) << 62);
        assert_true(value < UINT64_C(3) << 62);
        count[value % 3]++;
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(count[i], 10000 - 410, 10000 + 410);
}

/* Chi-square of 70,000 draws below 7: 6 degrees of freedom, 99.9 % point 22.46. */
static void small_bounds_are_even(void **state)
{
    (void)state;
    double chi_square = 0;
    int count[7] = {0};
    for (uint64_t i = 0; i < 70000; i++)
        count[cm_random_below(test, i / 100, i % 100, 7)]++;
    for (int i = 0; i < 7; i++)
        chi_square += (count[i] - 10000.0) * (count[i] - 10000.0) / 10000.0;
    assert_true(chi_square < 22.46);
}

static void purposes_seeds_and_replicates_differ(void **state)
{
    (void)state;
    const uint64_t n = UINT64_C(1) << 62;
    const uint64_t base = cm_random_below(boot, 1, 2, n);
    cm_random other_seed = boot;
    other_seed.seed ^= UINT64_C(1) << 63;
    assert_true(base != cm_random_below(test, 1, 2, n));
    assert_true(base != cm_random_below(other_seed, 1, 2, n));
    assert_true(base != cm_random_below(boot, 2, 1, n));
    assert_true(base == cm_random_below(boot, 1, 2, n));
}

static void uniform_and_normal_are_pinned(void **state)
{
    (void)state;
    const double uniform[3] = {0.31643872330652223, 0.8850870459130017, 0.6797672707057563};
    const double normal[6] = {-0.93435674507334475812,  0.34476486080320960942, -0.8157936056695265638,
                              -0.020627675115869941108, 0.46981160285845762553, 0.45735328535158842678};
    for (int i = 0; i < 3; i++)
        assert_true(cm_random_uniform(test, 2, (uint64_t)i) == uniform[i]);
    for (int i = 0; i < 6; i++)
        assert_true(fabs(cm_random_normal(test, 2, (uint64_t)i) - normal[i]) <= 8 * 0x1p-52);
}

/* 100,000 draws: the mean of z is within 5/sqrt(n) of 0, of z^2 within 5*sqrt(2/n) of 1, of z^4 within
 * 5*sqrt(96/n) of 3, and the share beyond 1.96 is 5 %. */
static void normal_has_the_right_moments(void **state)
{
    (void)state;
    const int n = 100000;
    double m1 = 0, m2 = 0, m4 = 0;
    int beyond = 0;
    for (int i = 0; i < n; i++) {
        const double z = cm_random_normal(test, 5, (uint64_t)i);
        assert_true(isfinite(z));
        m1 += z / n;
        m2 += z * z / n;
        m4 += z * z * z * z / n;
        beyond += fabs(z) > 1.959963984540054;
    }
    assert_true(fabs(m1) < 5 / sqrt(n));
    assert_true(fabs(m2 - 1) < 5 * sqrt(2.0 / n));
    assert_true(fabs(m4 - 3) < 5 * sqrt(96.0 / n));
    assert_true(fabs(beyond / (double)n - 0.05) < 5 * sqrt(0.05 * 0.95 / n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(bounded_draws_are_pinned),
        cmocka_unit_test(bounded_draws_are_unbiased),
        cmocka_unit_test(small_bounds_are_even),
        cmocka_unit_test(purposes_seeds_and_replicates_differ),
        cmocka_unit_test(uniform_and_normal_are_pinned),
        cmocka_unit_test(normal_has_the_right_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
