// A program as a C compiler makes it that knows nothing of this system: at a fixed address, with the
// library's variable in its own data, with its own entry for the address of the library's function,
// and with guards on its stack. It says what is wrong. With an argument it writes to its RELRO.

extern int copied, *where(void), twice(int), depth(void), count(void), sum(void), by_thread(void);
extern int (*its_twice(void))(int), (*distant(void))(int);
extern __thread int counted;
extern volatile unsigned _DYNAMIC[];

static int call(int number, int first, const char *second, unsigned third)
{
    int result;
    // As glibc enters the kernel.
    __asm__ volatile("call *%%gs:0x10"
                     : "=a"(result) : "0"(number), "b"(first), "c"(second), "d"(third) : "memory");
    return result;
}

static void say(const char *text)
{
    unsigned len = 0;
    while (text[len])
        len++;
    call(4, 1, text, len);
}

static int wrong;

#define CHECK(what) do { if (!(what)) { say(#what "\n"); wrong = 1; } } while (0)

void __stack_chk_fail(void)
{
    say("a guard was overwritten\n");
    call(252, 2, 0, 0);
}

static unsigned word(unsigned offset)
{
    unsigned value;
    __asm__ volatile("movl %%gs:(%1), %0" : "=r"(value) : "r"(offset));
    return value;
}

struct map { unsigned bias; const char *path; const unsigned *dynamic; struct map *next, *previous; };
struct list { int version; struct map *first; void (*changed)(void); int state; unsigned linker; };

// What a debugger finds.
static void check_list(void)
{
    const volatile unsigned *entry = _DYNAMIC;
    while (entry[0] != 21 && entry[0] != 0)
        entry += 2;
    const struct list *list = (const struct list *)entry[1];
    CHECK(list);
    CHECK(list->version == 1 && list->changed && list->state == 0 && list->linker);
    const struct map *program = list->first, *library = program->next;
    CHECK(program->bias == 0 && program->dynamic == (const unsigned *)_DYNAMIC);
    CHECK(library->bias && library->path[0] == '/' && !library->next);
    CHECK(library->previous == program && !program->previous);
}

static void check(void)
{
    CHECK(copied == 41);
    copied = 42;
    CHECK(where() == &copied && *where() == 42);
    CHECK(twice(21) == 42 && twice(4) == 8);
    CHECK(its_twice() == twice);
    CHECK(distant() == twice);
    CHECK(counted == 5);
    CHECK(count() == 6 && counted == 6);
    CHECK((char *)&counted == (char *)word(0) - depth());
    CHECK(sum() == 6 && sum() == 11);
    CHECK(by_thread() == 7);
    CHECK(word(0) == word(8));
    CHECK(word(0x14) != 0 && (word(0x14) & 0xff) == 0);
    check_list();
    say("checked\n");
}

__attribute__((used)) static void begin(int *stack)
{
    check();
    if (*stack > 1)
        _DYNAMIC[0] = 0;
    call(252, wrong, 0, 0);
}

__asm__(".globl _start\n_start: xorl %ebp, %ebp\nmovl %esp, %eax\nandl $-16, %esp\n"
        "subl $12, %esp\npushl %eax\ncall begin\n");
