// Another libinner.so.

int late(void) { return 2; }
