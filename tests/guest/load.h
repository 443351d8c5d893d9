/* Parts of the guest's load; see README.md beside this file for what it prints and promises. */
#ifndef LOAD_H
#define LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { MAX_FLOWS = 64, MAX_CORRUPT_LINES = 16 };

struct parameters {
    int tick_ms;
    int dirty_mib, dirty_mib_per_sec;
    bool has_ip;
    char ip[32], peer[32];
    int rate, payload; /* datagrams per second and flow; bytes */
};

extern struct parameters parameters;
extern uint32_t boot_id;

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
uint64_t monotonic_ns(void);
void sleep_until_ns(uint64_t at);
void start_thread(void *(*body)(void *), void *argument, int cpu, int nice_value);

void read_parameters(void);

extern _Atomic uint64_t pages_checked, pages_corrupt;
void start_memory(void);

/* Returns "pairs in use/pairs offered", or "0/0" without a network. */
const char *start_network(int cpus);
void print_network_totals(void);

#endif
