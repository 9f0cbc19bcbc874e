// What a program may want of a library, by every kind of relocation that i386 has for it.

int copied = 41;
int *where(void) { return &copied; }

int twice(int number) { return 2 * number; }
int (*its_twice(void))(int) { return twice; }

// The function from here, and how far below the thread pointer the variable is.
__asm__(".data\n.balign 4\n"
        ".globl distance\n.type distance, @object\n.size distance, 4\n"
        "distance: .long twice - .\n"
        ".globl below\n.type below, @object\n.size below, 4\n"
        "below: .long counted@tpoff\n"
        ".text\n");
extern const int distance, below;
int (*distant(void))(int) { return (void *)((char *)&distance + distance); }
int depth(void) { return below; }

__thread int counted = 5;
int count(void) { return ++counted; }

static int seven(void) { return 7; }
static int (*pick(void))(void) { return seven; }
int picked(void) __attribute__((ifunc("pick")));
__thread int (*own)(void) = picked;
int by_thread(void) { return own ? own() : 0; }

static __thread int hidden[3] = {1, 2, 3};
int sum(void) { return hidden[0] += hidden[1] + hidden[2]; }
