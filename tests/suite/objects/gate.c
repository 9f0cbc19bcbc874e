// A gate: who waits at it, whether it is open, who has passed.

int entered, gate, passed;
