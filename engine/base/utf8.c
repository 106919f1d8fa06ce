/* UTF-8 checking, by the table of well-formed byte sequences (Unicode 15, table 3-7). */
#include "engine/base/utf8.h"

#include <string.h>

int cm_utf8_length(const char *text, int64_t left)
{
    const unsigned char *s = (const unsigned char *)text;
    if (left < 1) return 0;
    if (s[0] < 0x80) return 1;
    int length = s[0] >= 0xC2 && s[0] <= 0xDF ? 2 : s[0] >= 0xE0 && s[0] <= 0xEF ? 3 : 4;
    if (s[0] < 0xC2 || s[0] > 0xF4 || left < length) return 0;
    const unsigned char low = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    if (s[1] < low || s[1] > high) return 0;
    for (int i = 2; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) return 0;
    }
    return length;
}

void cm_utf8_make_printable(char *text)
{
    int64_t left = (int64_t)strlen(text);
    while (left > 0) {
        int n = cm_utf8_length(text, left);
        unsigned char first = (unsigned char)text[0];
        int c1_control = n == 2 && first == 0xC2 && (unsigned char)text[1] < 0xA0;
        if (n == 0 || first < 0x20 || first == 0x7F) {
            text[0] = '?';
            n = 1;
        } else if (c1_control) {
            text[0] = text[1] = '?';
        }
        text += n;
        left -= n;
    }
}
