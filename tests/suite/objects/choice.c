// A function that is picked when the library is loaded, by one that calls another library's.

int late(void);

static int one(void) { return 11; }
static int other(void) { return 22; }

static int (*choose(void))(void) { return late() == 1 ? one : other; }

int picked(void) __attribute__((ifunc("choose")));
static int hidden(void) __attribute__((ifunc("choose")));

int (*table[])(void) = {picked, hidden};

int by_table(void) { return table[0]() + table[1](); }
int by_call(void) { return picked() + hidden(); }
