// Needs libinner.so.

int late(void);

int through(void) { return late(); }
