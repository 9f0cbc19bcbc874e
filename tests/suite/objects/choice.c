// A function that is picked when the library is loaded, by one that calls another library's.

int late(void);

static int one(void) { return 11; }
static int other(void) { return 22; }

__thread int asked;

static int (*choose(void))(void)
{
    asked++;
    return late() == 1 ? one : other;
}

int picked(void) __attribute__((ifunc("choose")));
static int hidden(void) __attribute__((ifunc("choose")));

int (*table[])(void) = {picked, hidden};

// The thread's memory is there before the function is picked, and begins with it all the same.
__thread int (*own)(void) = picked;

int by_thread(void) { return asked && own ? own() : 0; }
int by_table(void) { return table[0]() + table[1](); }
int by_call(void) { return picked() + hidden(); }
