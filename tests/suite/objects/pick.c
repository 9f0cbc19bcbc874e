// Functions that are picked when the library is loaded, by one that calls what it is told.

extern void (*at_pick)(void);

static int one(void) { return 1; }

static int (*choose(void))(void)
{
    at_pick();
    return one;
}

int picked(void) __attribute__((ifunc("choose")));
static int hidden(void) __attribute__((ifunc("choose")));

// Only written when relocated.
int (*const table[])(void) = {picked, hidden};

int by_table(void)
{
    // What is there, and not what the compiler knows to be meant.
    int (*const volatile *places)(void) = table;
    return places[0]() + places[1]();
}
