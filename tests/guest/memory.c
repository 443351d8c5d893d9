/* Pages that are rewritten and verified.
   A page holds its own number and its generation in every 16 bytes, mixed with the place, so that a page of another place, an older
   generation and a torn page are all told apart. The generation that a page must have is kept elsewhere (`generations`): a migration
   that loses the newest write of a page but keeps the table, or the other way round, is noticed. */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096, PAGE_WORDS = PAGE_BYTES / 8, CHUNK_PAGES = 64 };

_Atomic uint64_t pages_checked, pages_corrupt;

static uint64_t *region;
static uint32_t *generations;
static uint32_t page_count;

static uint64_t scramble(uint64_t stamp, unsigned word) { return (stamp + word) * 0x9e3779b97f4a7c15u; }

static uint64_t stamp_of(uint32_t page, uint32_t generation) { return ((uint64_t)page << 32) | generation; }

static void write_page(uint32_t page)
{
    volatile uint64_t *words = region + (size_t)page * PAGE_WORDS;
    uint64_t stamp = stamp_of(page, generations[page]);
    for (unsigned i = 0; i < PAGE_WORDS; i += 2) {
        words[i] = stamp;
        words[i + 1] = scramble(stamp, i);
    }
}

static void verify_page(uint32_t page)
{
    const volatile uint64_t *words = region + (size_t)page * PAGE_WORDS;
    uint64_t stamp = stamp_of(page, generations[page]);
    atomic_fetch_add_explicit(&pages_checked, 1, memory_order_relaxed);
    for (unsigned i = 0; i < PAGE_WORDS; i += 2) {
        if (words[i] == stamp && words[i + 1] == scramble(stamp, i))
            continue;
        uint64_t number = atomic_fetch_add(&pages_corrupt, 1), found = words[i];
        if (number < MAX_CORRUPT_LINES)
            say("corrupt page=%u want=%u found=%u/%u", page, generations[page], (unsigned)(found >> 32), (unsigned)found);
        return;
    }
}

/* Every fourth page is never rewritten: what the first pass of a migration sent must still be there at its end. */
static bool rewritten(uint32_t page) { return page % 4 != 3; }

static void *sweep_for_ever(void *unused)
{
    (void)unused;
    double ns_per_page = 1e9 * PAGE_BYTES / (parameters.dirty_mib_per_sec * 1048576.0);
    uint64_t next = monotonic_ns();
    for (uint32_t page = 0, written = 0;; page = (page + 1) % page_count) {
        verify_page(page);
        if (!rewritten(page))
            continue;
        generations[page]++;
        write_page(page);
        if (++written % CHUNK_PAGES == 0) {
            next += (uint64_t)(CHUNK_PAGES * ns_per_page);
            uint64_t now = monotonic_ns();
            if (next < now)
                next = now;
            sleep_until_ns(next);
        }
    }
    return NULL;
}

static long available_mib(void)
{
    char line[128];
    long kib = 0;
    FILE *file = fopen("/proc/meminfo", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %ld", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib / 1024;
}

void start_memory(void)
{
    if (!parameters.dirty_mib)
        return;
    size_t bytes = (size_t)parameters.dirty_mib << 20;
    page_count = (uint32_t)(bytes / PAGE_BYTES);
    long available = available_mib();
    if (parameters.dirty_mib + 8 > available)
        refuse("load.dirty=%d needs that many MiB and 8 more, %ld are available", parameters.dirty_mib, available);
    region = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    generations = calloc(page_count, sizeof *generations);
    if (region == MAP_FAILED || !generations)
        refuse("no memory to dirty");
    madvise(region, bytes, MADV_NOHUGEPAGE);
    for (uint32_t page = 0; page < page_count; page++)
        write_page(page);
    start_thread(sweep_for_ever, NULL, -1, 5); /* behind the ticks and the network */
}
