#include "base/failure.h"

#include <stdarg.h>
#include <stdio.h>

bool fail(Failure *failure, int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure->text, sizeof failure->text, format, arguments);
    va_end(arguments);
    failure->status = status;
    // Paths and arguments are quoted in it: a newline or an escape in one must not break the line
    // or reach the terminal.
    for (char *c = failure->text; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
    }
    return false;
}
