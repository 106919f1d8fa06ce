/* Distribution functions by erfc, continued fractions and bisection. */
#include "metrics/statistics/distribution.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "engine/base/elementary.h"

#define SQRT_HALF       0.70710678118654752440
#define TWO_PI          6.28318530717958647693
#define HALF_LOG_TWO_PI 0.91893853320467274178

double cm_normal_below(double z)
{
    return 0.5 * cm_erfc(-z * SQRT_HALF);
}

double cm_normal_above(double z)
{
    return 0.5 * cm_erfc(z * SQRT_HALF);
}

/* n coefficients, the highest power first. */
static double polynomial(const double *c, int n, double x)
{
    double y = c[0];
    for (int i = 1; i < n; i++)
        y = y * x + c[i];
    return y;
}

/* Wichura's PPND16: relative accuracy about 1e-16. */
double cm_normal_quantile(double p)
{
    static const double a[8] = {2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
                                45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
                                133.14166789178437745, 3.387132872796366608};
    static const double b[8] = {
        5226.495278852545925,  28729.085735721942674, 39307.89580009271061,  21213.794301586595867,
        5394.1960214247511077, 687.1870074920579083,  42.313330701600911252, 1.0};
    static const double c[8] = {7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
                                1.27045825245236838258,   3.64784832476320460504,   5.7694972214606914055,
                                4.6303378461565452959,    1.42343711074968357734};
    static const double d[8] = {
        1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
        0.68976733498510000455,    1.6763848301838038494,   2.05319162663775882187,   1.0};
    static const double e[8] = {2.01033439929228813265e-7, 2.71155556874348757815e-5,
                                0.0012426609473880784386,  0.026532189526576123093,
                                0.29656057182850489123,    1.7848265399172913358,
                                5.4637849111641143699,     6.6579046435011037772};
    static const double f[8] = {2.04426310338993978564e-15, 1.4215117583164458887e-7,
                                1.8463183175100546818e-5,   7.868691311456132591e-4,
                                0.0148753612908506148525,   0.13692988092273580531,
                                0.59983220655588793769,     1.0};
    if (!(p > 0)) return -INFINITY;
    if (p >= 1) return INFINITY;
    const double q = p - 0.5;
    if (fabs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        return q * polynomial(a, 8, r) / polynomial(b, 8, r);
    }
    const double tail = sqrt(-cm_ln(q < 0 ? p : 1 - p));
    const double r = tail <= 5 ? tail - 1.6 : tail - 5;
    const double z =
        tail <= 5 ? polynomial(c, 8, r) / polynomial(d, 8, r) : polynomial(e, 8, r) / polynomial(f, 8, r);
    return q < 0 ? -z : z;
}

double cm_log_gamma(double x)
{
    /* Lanczos with g = 607/128 and 15 terms (P. Godfrey) */
    static const double c[15] = {
        0.99999999999999709182,    57.156235665862923517,     -59.597960355475491248,
        14.136097974741747174,     -0.49191381609762019978,   .33994649984811888699e-4,
        .46523628927048575665e-4,  -.98374475304879564677e-4, .15808870322491248884e-3,
        -.21026444172410488319e-3, .21743961811521264320e-3,  -.16431810653676389022e-3,
        .84418223983852743293e-4,  -.26190838401581408670e-4, .36899182659531622704e-5};
    const double t = x + 607.0 / 128.0 + 0.5;
    double sum = c[0];
    for (int i = 1; i < 15; i++)
        sum += c[i] / (x + i);
    return (x + 0.5) * cm_ln(t) - t + cm_ln(2.5066282746310005024 * sum / x);
}

/* The fraction of the incomplete beta function, for x below its mean. */
static double beta_fraction(double x, double a, double b)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m <= 100000; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        if (fabs(d * c - 1) < DBL_EPSILON) break;
    }
    return h;
}

/* ln(1 + x) without the digits that 1 + x loses (Kahan). */
static double log_of_one_plus(double x)
{
    const double u = 1 + x;
    return u == 1 ? x : cm_ln(u) * x / (u - 1);
}

/* What Stirling's formula lacks: ln Gamma(z) - ((z - 1/2) ln z - z + ln(2 pi) / 2). Large parameters would
 * lose digits in differences of ln Gamma itself. */
static double stirling_rest(double z)
{
    if (z < 16) return cm_log_gamma(z) - ((z - 0.5) * cm_ln(z) - z + HALF_LOG_TWO_PI);
    const double y = 1 / (z * z);
    return (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y * (1.0 / 1188))))) / z;
}

/* P(X <= x) given both x and 1 - x, so that neither loses digits. */
static double beta_of(double x, double rest, double a, double b)
{
    if (x <= 0) return 0;
    if (rest <= 0) return 1;
    const double off = x * b - a * rest; /* distance from the mean, times a + b */
    const double front =
        sqrt(a / (a + b) * b / TWO_PI) *
        cm_exp(a * log_of_one_plus(off / a) + b * log_of_one_plus(-off / b) + stirling_rest(a + b) -
               stirling_rest(a) - stirling_rest(b)); /* x^a (1-x)^b / B(a, b) */
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(x, a, b) / a;
    return 1 - front * beta_fraction(rest, b, a) / b;
}

double cm_beta_below(double x, double a, double b)
{
    return beta_of(x, 1 - x, a, b);
}

double cm_beta_quantile(double p, double a, double b)
{
    if (!(p > 0)) return 0;
    if (p >= 1) return 1;
    double low = 0, high = 1;
    for (;;) { /* until no double lies between */
        const double middle = low + (high - low) / 2;
        if (!(middle > low && middle < high)) return middle;
        if (cm_beta_below(middle, a, b) < p)
            low = middle;
        else
            high = middle;
    }
}

double cm_student_above(double t, double df)
{
    const double far = 0.5 * beta_of(df / (df + t * t), t * t / (df + t * t), df / 2, 0.5);
    return t >= 0 ? far : 1 - far;
}

double cm_student_quantile(double p, double df)
{
    const double y = cm_beta_quantile(fabs(2 * p - 1), 0.5, df / 2); /* t^2 / (df + t^2) */
    const double t = sqrt(df * y / (1 - y));
    return p < 0.5 ? -t : t;
}

double cm_f_above(double f, double d1, double d2)
{
    if (!(f > 0)) return 1;
    return beta_of(d2 / (d2 + d1 * f), d1 * f / (d2 + d1 * f), d2 / 2, d1 / 2);
}

/* P(X > x) of the gamma distribution with shape a. */
static double gamma_above(double a, double x)
{
    const double off = x - a;
    const double front = sqrt(a / TWO_PI) * cm_exp(a * log_of_one_plus(off / a) - off -
                                                   stirling_rest(a)); /* x^a e^-x / Gamma(a) */
    if (x < a + 1) {                                                  /* the series of the other side */
        double term = 1 / a, sum = term;
        for (double n = a + 1; fabs(term) > fabs(sum) * DBL_EPSILON / 4; n++) {
            term *= x / n;
            sum += term;
        }
        return 1 - front * sum;
    }
    const double tiny = 1e-300;
    double b = x + 1 - a, c = 1 / tiny, d = 1 / b, h = d;
    for (int i = 1; i <= 100000; i++) {
        const double an = -i * (i - a);
        b += 2;
        d = an * d + b;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = b + an / c;
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        if (fabs(d * c - 1) < DBL_EPSILON) break;
    }
    return front * h;
}

double cm_chi_squared_above(double x, double df)
{
    return x > 0 ? gamma_above(df / 2, x / 2) : 1;
}

double cm_coin_below(int64_t k, int64_t n)
{
    if (k < 0) return 0;
    if (k >= n) return 1;
    return cm_beta_below(0.5, (double)(n - k), (double)(k + 1));
}
