// The tty that the agent speaks on: taken raw, and given back as it was.
#ifndef DUO_TERMINAL_H
#define DUO_TERMINAL_H

#include <stdbool.h>

#include "failure.h"

// Take stdin and stdout raw and non-blocking. False where stdin is no terminal.
bool terminal_take(Failure *failure);

// Give back what was taken. Harmless to repeat, also after a hang-up.
void terminal_give_back(void);

#endif
