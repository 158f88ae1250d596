// duollama inspect: prints a packed model's sections, and each mode's memory and bytes read per
// token.
#ifndef DUO_CLI_INSPECT_H
#define DUO_CLI_INSPECT_H

#include <stdbool.h>

#include "base/failure.h"

// Reads and checks every section. False, and `failure`, where one is damaged.
bool inspect(const char *path, Failure *failure);

#endif
