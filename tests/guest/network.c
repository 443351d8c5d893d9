/* The load's network: one pinned thread per queue pair, which sends numbered datagrams, counts their echoes, and echoes the peer's. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    GUEST_ECHO_PORT = 7100, /* + flow: answers the peer */
    PEER_ECHO_PORT = 7200,  /* + flow: the peer answers the guest */
    MAX_BURST = 32,         /* datagrams made up for after a delay; more would only overflow the queues */
    RECEIVE_BUFFER_BYTES = 1 << 19,
    HISTORY = 4096          /* newest echoes remembered per flow, to notice one that comes twice */
};

struct datagram {
    uint32_t magic;
    uint16_t kind, flow;
    uint64_t sequence;
    uint32_t boot, zero;
    uint64_t sent_ns;
} __attribute__((packed));

struct flow {
    int index, sender, echo;
    /* Not connect()ed: a connected socket keeps the tx queue of its first datagram, and that one leaves from whichever vCPU took the
       ARP answer, so flows would share a queue by chance (seen with 4 pairs). */
    struct sockaddr_in peer;
    uint64_t history[HISTORY];
    _Atomic uint64_t sent, returned, repeated, served;
};

static struct flow *flows[MAX_FLOWS];
static int flow_count;

static int open_socket(int port)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), size = RECEIVE_BUFFER_BYTES;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any))
        refuse("UDP port %d: %s", port, strerror(errno));
    return fd;
}

static void send_next(struct flow *flow)
{
    char packet[1500] = { 0 };
    struct datagram *head = (struct datagram *)packet;
    uint64_t sequence = atomic_fetch_add(&flow->sent, 1) + 1;
    *head = (struct datagram){ htobe32(0x434c4231), htobe16(1), htobe16((uint16_t)flow->index), htobe64(sequence), htobe32(boot_id), 0,
                               htobe64(monotonic_ns()) };
    if (sendto(flow->sender, packet, (size_t)parameters.payload, 0, (const struct sockaddr *)&flow->peer, sizeof flow->peer) < 0)
        atomic_fetch_sub(&flow->sent, 1); /* never left (no route yet, queue full): the number is used again, so that no gap is ours */
}

static void take_echoes(struct flow *flow)
{
    char packet[1500];
    for (ssize_t got; (got = recv(flow->sender, packet, sizeof packet, 0)) >= 0;) {
        const struct datagram *head = (const struct datagram *)packet;
        if (got < (ssize_t)sizeof *head || head->magic != htobe32(0x434c4231))
            continue;
        uint64_t sequence = be64toh(head->sequence), *seen = &flow->history[sequence % HISTORY];
        if (*seen == sequence)
            atomic_fetch_add(&flow->repeated, 1);
        else
            atomic_fetch_add(&flow->returned, 1);
        *seen = sequence;
    }
}

static void serve_echo(struct flow *flow)
{
    char packet[1500];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    for (ssize_t got; (got = recvfrom(flow->echo, packet, sizeof packet, 0, (struct sockaddr *)&from, &size)) >= 0; size = sizeof from)
        if (sendto(flow->echo, packet, (size_t)got, 0, (struct sockaddr *)&from, size) == got)
            atomic_fetch_add(&flow->served, 1);
}

static void *run_flow(void *raw)
{
    struct flow *flow = raw;
    struct pollfd waits[2] = { { .fd = flow->echo, .events = POLLIN }, { .fd = flow->sender, .events = POLLIN } };
    bool sends = parameters.peer[0] && parameters.rate;
    uint64_t period = sends ? 1000000000u / (unsigned)parameters.rate : 0, next = monotonic_ns();
    for (;;) {
        struct timespec wait = { .tv_sec = 1 };
        if (sends) {
            uint64_t now = monotonic_ns();
            if (next + MAX_BURST * period < now)
                next = now - MAX_BURST * period;
            for (; next <= now; next += period)
                send_next(flow);
            uint64_t left = next - now;
            wait = (struct timespec){ .tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u) };
        }
        if (ppoll(waits, 2, &wait, NULL) <= 0)
            continue;
        if (waits[0].revents)
            serve_echo(flow);
        if (waits[1].revents)
            take_echoes(flow);
    }
    return NULL;
}

/* What `ethtool -L eth0 combined N` does; busybox has no ethtool. */
static struct ethtool_channels use_all_pairs(void)
{
    struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
    struct ifreq request = { .ifr_name = "eth0", .ifr_data = (void *)&channels };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (ioctl(fd, SIOCETHTOOL, &request))
        refuse("eth0 does not tell its queue pairs: %s", strerror(errno));
    if (channels.combined_count < channels.max_combined) {
        channels.cmd = ETHTOOL_SCHANNELS;
        channels.combined_count = channels.max_combined;
        if (ioctl(fd, SIOCETHTOOL, &request))
            refuse("eth0 refuses %u queue pairs: %s", channels.max_combined, strerror(errno));
    }
    close(fd);
    return channels;
}

/* The driver maps vCPUs to queues one to one only when there are as many of each. */
static void spread_queues(int pairs, int cpus)
{
    for (int queue = 0; queue < pairs; queue++) {
        char path[80], mask[32];
        unsigned long bits = 0;
        for (int cpu = 0; cpu < cpus && cpu < 64; cpu++)
            if (pairs >= cpus ? queue % cpus == cpu : cpu % pairs == queue)
                bits |= 1ul << cpu;
        snprintf(path, sizeof path, "/sys/class/net/eth0/queues/tx-%d/xps_cpus", queue);
        int file = open(path, O_WRONLY | O_CLOEXEC), length = snprintf(mask, sizeof mask, "%lx", bits);
        if (file < 0)
            continue; /* a single queue has no such file to write */
        if (write(file, mask, (size_t)length) != length && pairs > 1)
            refuse("tx queue %d cannot be given its vCPUs: %s", queue, strerror(errno));
        close(file);
    }
}

const char *start_network(int cpus)
{
    static char pairs[24] = "0/0";
    if (!parameters.has_ip)
        return pairs;
    struct ethtool_channels channels = use_all_pairs();
    snprintf(pairs, sizeof pairs, "%u/%u", channels.combined_count, channels.max_combined);
    spread_queues((int)channels.combined_count, cpus);
    /* More pairs than vCPUs: several queues share one vCPU and the flow's hash picks among them, so more flows make sure each is hit. */
    flow_count = (int)channels.combined_count <= cpus ? (int)channels.combined_count : (int)channels.combined_count * 4;
    if (flow_count > MAX_FLOWS)
        flow_count = MAX_FLOWS;
    for (int index = 0; index < flow_count; index++) {
        struct flow *flow = flows[index] = calloc(1, sizeof *flow);
        if (!flow)
            refuse("no memory for flow %d", index);
        flow->index = index;
        flow->echo = open_socket(GUEST_ECHO_PORT + index);
        flow->sender = open_socket(0);
        flow->peer = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)(PEER_ECHO_PORT + index)) };
        if (parameters.peer[0] && inet_pton(AF_INET, parameters.peer, &flow->peer.sin_addr) != 1)
            refuse("load.peer=%s is not an IPv4 address", parameters.peer);
        start_thread(run_flow, flow, index % cpus, 0);
    }
    return pairs;
}

void print_network_totals(void)
{
    uint64_t sent = 0, returned = 0, repeated = 0, served = 0;
    for (int index = 0; index < flow_count; index++) {
        sent += atomic_load(&flows[index]->sent);
        returned += atomic_load(&flows[index]->returned);
        repeated += atomic_load(&flows[index]->repeated);
        served += atomic_load(&flows[index]->served);
    }
    say("net sent=%llu returned=%llu repeated=%llu served=%llu", (unsigned long long)sent, (unsigned long long)returned,
        (unsigned long long)repeated, (unsigned long long)served);
}
