// The tty that the agent speaks on: taken raw, and given back as it was.
#ifndef DUO_TERMINAL_H
#define DUO_TERMINAL_H

#include "base/failure.h"

// Take the terminal that stdin is: raw and non-blocking, by a file of our own, so that a shell that
// shares stdin never finds it non-blocking. The descriptor, or -1 where stdin is no terminal.
int terminal_take(Failure *failure);

// Let what is typed from now on be a shell's, while what is written still goes out as it is.
void terminal_give_back_input(void);

// Give back everything. Harmless to repeat, also after a hang-up.
void terminal_give_back(void);

#endif
