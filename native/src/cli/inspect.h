// duollama inspect: what a packed model holds, and what telling from it will cost.
#ifndef DUO_INSPECT_H
#define DUO_INSPECT_H

#include <stdbool.h>

#include "base/failure.h"

// Print it; every section is read and checked.
bool inspect(const char *path, Failure *failure);

#endif
