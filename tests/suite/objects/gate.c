// A gate: who waits at it, whether it is open, who has passed.

int entered, gate, passed;

// What libpick.so calls.
void (*at_pick)(void);
