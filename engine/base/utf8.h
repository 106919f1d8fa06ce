/* UTF-8 as RFC 3629 defines it. */
#ifndef CM_ENGINE_BASE_UTF8_H
#define CM_ENGINE_BASE_UTF8_H

#include <stdint.h>

/* Bytes (1..4) of the character that starts at text[0], of which `left` bytes remain; 0 when it is none
 * (stray or missing continuation, overlong, surrogate, above U+10FFFF, left < 1). Thread-safe. */
int cm_utf8_length(const char *text, int64_t left);

/* Replaces what is no UTF-8 and every control character in text by '?', so that it can be shown. */
void cm_utf8_make_printable(char *text);

#endif
