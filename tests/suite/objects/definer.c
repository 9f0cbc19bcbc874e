// Needs libinner.so, which finds this `chosen` before its own.

int late(void);

static int calls;
int chosen(void) { return 10 + calls++; }

int through(void) { return late(); }
