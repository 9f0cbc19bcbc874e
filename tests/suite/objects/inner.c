// Calls a function that is bound when it is called first.

int chosen(void) { return 1; }

int late(void) { return chosen(); }
