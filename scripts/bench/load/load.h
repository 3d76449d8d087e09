// What the load tools share: their options, the clock, sockets on loopback, marks within messages, and what was measured.
//
// Each tool is told by NAME=VALUE on its command line and writes lines of JSON. One that listens writes {"ready":true} first,
// then, for each line that it reads, how much has arrived so far; the end of its input ends it, with all that it has measured.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define MAX_DATAGRAM 65536

int blast(void);
int sink(void);
int events(void);
int requests(void);

const char *text_option(const char *name, const char *otherwise);
double number_option(const char *name, double otherwise);

/** Nanoseconds of CLOCK_MONOTONIC. */
uint64_t now(void);
_Noreturn void fail(const char *what);
void *grown(void *memory, size_t bytes);

/** Non-blocking sockets: one bound to that port of 127.0.0.1, and one connected to it. */
int udp_socket(int port);
int tcp_socket(int port);

/** "<run> <sequence> <ns when sent> " within a message says which one it is. */
struct mark {
  size_t sequence;
  uint64_t sent;
};
int find_mark(const char *text, size_t length, const char *run, struct mark *mark);

/** Which of a sequence have arrived. */
struct arrivals {
  uint8_t *bits;
  size_t bytes, unique, duplicates;
};
/** Whether it is the first with that number. */
int arrived(struct arrivals *arrivals, size_t sequence);

struct latencies {
  uint64_t *ns;
  size_t count, room;
};
void add_latency(struct latencies *latencies, uint64_t ns);
/** "name":{"count":…,"p50":…}, in milliseconds. */
void print_latencies(const char *name, struct latencies *latencies);

/** How often each status was answered: "statuses":{"202":17}. */
struct statuses {
  size_t counts[700];
};
void add_status(struct statuses *statuses, int status);
void print_statuses(const struct statuses *statuses);

void print_ready(void);
/** Reads our own input, if `is_readable`: whether it has ended; if asked, writes how many are `unique` so far. */
int is_ended(int is_readable, size_t unique);
