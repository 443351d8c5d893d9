/* The load's first thread: parameters, start of the parts, ticks. */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct parameters parameters = { .tick_ms = 10, .rate = 250, .payload = 64 };
uint32_t boot_id;

static int console = STDOUT_FILENO;

/* One write per line: threads share the console, and a torn line would be judged as damage. */
static void say_list(const char *prefix, const char *format, va_list arguments)
{
    char line[256];
    int length = snprintf(line, sizeof line, "%s", prefix);
    length += vsnprintf(line + length, sizeof line - (size_t)length - 1, format, arguments);
    if (length > (int)sizeof line - 2)
        length = sizeof line - 2;
    line[length++] = '\n';
    if (write(console, line, (size_t)length) != length)
        return; /* nobody to tell */
}

void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_list("", format, arguments);
    va_end(arguments);
}

void refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_list("load error: ", format, arguments);
    va_end(arguments);
    for (;;)
        pause(); /* the first process may not end: that would be a kernel panic instead of a readable line */
}

uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void sleep_until_ns(uint64_t at)
{
    struct timespec until = { .tv_sec = (time_t)(at / 1000000000u), .tv_nsec = (long)(at % 1000000000u) };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

struct start { void *(*body)(void *); void *argument; int nice_value; };

static void *thread_main(void *raw)
{
    struct start start = *(struct start *)raw;
    free(raw);
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), start.nice_value);
    return start.body(start.argument);
}

/* cpu -1: anywhere. */
void start_thread(void *(*body)(void *), void *argument, int cpu, int nice_value)
{
    pthread_attr_t attributes;
    pthread_t thread;
    struct start *start = malloc(sizeof *start);
    if (!start)
        refuse("no memory for a thread");
    *start = (struct start){ body, argument, nice_value };
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 * 1024);
    if (cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        pthread_attr_setaffinity_np(&attributes, sizeof set, &set);
    }
    if (pthread_create(&thread, &attributes, thread_main, start))
        refuse("no thread on CPU %d", cpu);
    pthread_attr_destroy(&attributes);
}

/* The kernel's own boot id mixed with both clocks: a guest without entropy could otherwise draw the same one at every boot. */
static uint32_t draw_boot_id(void)
{
    char text[64] = "";
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY);
    if (file >= 0) {
        if (read(file, text, sizeof text - 1) < 0)
            text[0] = 0;
        close(file);
    }
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    uint64_t hash = 14695981039346656037u ^ __builtin_ia32_rdtsc() ^ ((uint64_t)wall.tv_sec << 20) ^ (uint64_t)wall.tv_nsec;
    for (const char *c = text; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    return (uint32_t)(hash ^ (hash >> 32));
}

static void tick_for_ever(void)
{
    uint64_t period = (uint64_t)parameters.tick_ms * 1000000u, next = monotonic_ns(), totals = next + 1000000000u;
    for (uint64_t number = 1;; number++) {
        uint64_t now = monotonic_ns(), corrupt = atomic_load(&pages_corrupt);
        say("tick %llu boot=%08x ms=%llu pages=%s checked=%llu corrupt=%llu", (unsigned long long)number, boot_id,
            (unsigned long long)(now / 1000000u), !parameters.dirty_mib ? "off" : corrupt ? "bad" : "ok",
            (unsigned long long)atomic_load(&pages_checked), (unsigned long long)corrupt);
        if (parameters.has_ip && now >= totals) {
            print_network_totals();
            totals = now + 1000000000u;
        }
        next += period;
        now = monotonic_ns();
        if (next < now)
            next = now; /* late ticks are not made up for: a burst would load the console just when the machine is slow */
        sleep_until_ns(next);
    }
}

int main(void)
{
    int tty = open("/dev/ttyS0", O_WRONLY | O_NOCTTY);
    if (tty >= 0)
        console = tty;
    signal(SIGPIPE, SIG_IGN);
    read_parameters();
    boot_id = draw_boot_id();
    int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    const char *pairs = start_network(cpus);
    start_memory();
    say("load ready boot=%08x cpus=%d pairs=%s ip=%s rate=%d dirty=%d:%d", boot_id, cpus, pairs,
        parameters.has_ip ? parameters.ip : "none", parameters.peer[0] ? parameters.rate : 0, parameters.dirty_mib,
        parameters.dirty_mib_per_sec);
    tick_for_ever();
}
