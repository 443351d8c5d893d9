/* The load's parameters, from the kernel command line. A word it does not know or cannot use stops it: a typing error must not
   give a guest that silently does less than the test believes. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number(const char *name, const char *text, int lowest, int highest)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < lowest || value > highest)
        refuse("%s=%s is not a number from %d to %d", name, text, lowest, highest);
    return (int)value;
}

static void read_dirty(char *text)
{
    char *colon = strchr(text, ':');
    if (!colon) {
        if (number("load.dirty", text, 0, 0) == 0)
            return;
    }
    *colon = 0;
    parameters.dirty_mib = number("load.dirty", text, 0, 1 << 16);
    parameters.dirty_mib_per_sec = number("load.dirty", colon + 1, 0, 1 << 16);
    if (!parameters.dirty_mib != !parameters.dirty_mib_per_sec)
        refuse("load.dirty needs both a size and a rate, or neither");
}

static void copy_address(const char *name, char *into, size_t size, const char *text)
{
    if (strlen(text) >= size || !*text)
        refuse("%s=%s is not an address", name, text);
    strcpy(into, text);
}

static void read_word(char *word)
{
    char *value = strchr(word, '=');
    if (!value)
        refuse("%s has no value", word);
    *value++ = 0;
    if (!strcmp(word, "load.tick"))
        parameters.tick_ms = number(word, value, 1, 10000);
    else if (!strcmp(word, "load.dirty"))
        read_dirty(value);
    else if (!strcmp(word, "load.ip")) {
        copy_address(word, parameters.ip, sizeof parameters.ip, value);
        parameters.has_ip = true;
    } else if (!strcmp(word, "load.peer"))
        copy_address(word, parameters.peer, sizeof parameters.peer, value);
    else if (!strcmp(word, "load.rate"))
        parameters.rate = number(word, value, 0, 20000);
    else if (!strcmp(word, "load.payload"))
        parameters.payload = number(word, value, 32, 1400);
    else if (strcmp(word, "load.shell"))
        refuse("unknown parameter %s", word);
}

void read_parameters(void)
{
    static char line[4096];
    FILE *file = fopen("/proc/cmdline", "r");
    if (!file || !fgets(line, sizeof line, file))
        refuse("no kernel command line");
    fclose(file);
    for (char *rest, *word = strtok_r(line, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
        if (!strncmp(word, "load.", 5))
            read_word(word);
    if (parameters.peer[0] && !parameters.has_ip)
        refuse("load.peer needs load.ip");
}
