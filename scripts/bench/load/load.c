// Runs one of the load tools, and holds what they share.
#define _GNU_SOURCE
#include "load.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int option_count;
static char **options;

static const char *option(const char *name) {
  size_t length = strlen(name);
  for (int i = 0; i < option_count; i++)
    if (!strncmp(options[i], name, length) && options[i][length] == '=') return options[i] + length + 1;
  return NULL;
}

const char *text_option(const char *name, const char *otherwise) {
  const char *found = option(name);
  return found ? found : otherwise;
}

double number_option(const char *name, double otherwise) {
  const char *found = option(name);
  return found ? atof(found) : otherwise;
}

uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

void *grown(void *memory, size_t bytes) {
  void *result = realloc(memory, bytes);
  if (!result) fail("memory");
  return result;
}

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int udp_socket(int port) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), bytes = 16 << 20;
  // The forced size needs a privilege; without it the system's limit holds.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes))
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  struct sockaddr_in address = loopback(port);
  if (bind(fd, (void *)&address, sizeof address)) fail("bind");
  return fd;
}

int tcp_socket(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  struct sockaddr_in address = loopback(port);
  if (connect(fd, (void *)&address, sizeof address)) fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

int find_mark(const char *text, size_t length, const char *run, struct mark *mark) {
  size_t run_length = strlen(run);
  const char *found = memmem(text, length, run, run_length);
  // Headers carry the run too, but no space follows there.
  while (found && found[run_length] != ' ') {
    const char *next = found + run_length;
    found = memmem(next, length - (size_t)(next - text), run, run_length);
  }
  if (!found) return 0;
  char *end;
  mark->sequence = strtoull(found + run_length, &end, 10);
  mark->sent = strtoull(end, NULL, 10);
  return 1;
}

int arrived(struct arrivals *arrivals, size_t sequence) {
  size_t at = sequence / 8;
  uint8_t bit = (uint8_t)(1 << sequence % 8);
  if (at >= arrivals->bytes) {
    size_t bytes = at * 2 + 1024;
    arrivals->bits = grown(arrivals->bits, bytes);
    memset(arrivals->bits + arrivals->bytes, 0, bytes - arrivals->bytes);
    arrivals->bytes = bytes;
  }
  if (arrivals->bits[at] & bit) {
    arrivals->duplicates++;
    return 0;
  }
  arrivals->bits[at] |= bit;
  arrivals->unique++;
  return 1;
}

void add_latency(struct latencies *latencies, uint64_t ns) {
  if (latencies->count == latencies->room) {
    latencies->room = latencies->room * 2 + 4096;
    latencies->ns = grown(latencies->ns, latencies->room * sizeof *latencies->ns);
  }
  latencies->ns[latencies->count++] = ns;
}

static int by_size(const void *one, const void *other) {
  uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
  return (a > b) - (a < b);
}

void print_latencies(const char *name, struct latencies *latencies) {
  static const struct { const char *name; double part; } shown[] = {{"p50", .5}, {"p90", .9}, {"p99", .99}, {"max", 1}};
  size_t count = latencies->count;
  qsort(latencies->ns, count, sizeof *latencies->ns, by_size);
  printf("\"%s\":{\"count\":%zu", name, count);
  for (size_t i = 0; count && i < sizeof shown / sizeof *shown; i++) {
    // The smallest that so large a part of them does not exceed.
    size_t rank = (size_t)(shown[i].part * (double)count + .999999);
    printf(",\"%s\":%.3f", shown[i].name, (double)latencies->ns[rank ? rank - 1 : 0] / 1e6);
  }
  printf("}");
}

void add_status(struct statuses *statuses, int status) {
  if (status >= 0 && status < 700) statuses->counts[status]++;
}

void print_statuses(const struct statuses *statuses) {
  const char *between = "";
  printf("\"statuses\":{");
  for (int status = 0; status < 700; status++) {
    if (!statuses->counts[status]) continue;
    printf("%s\"%d\":%zu", between, status, statuses->counts[status]);
    between = ",";
  }
  printf("}");
}

void print_ready(void) {
  printf("{\"ready\":true}\n");
  fflush(stdout);
}

int is_ended(int is_readable, size_t unique) {
  char asked[64];
  if (!is_readable) return 0;
  ssize_t length = read(STDIN_FILENO, asked, sizeof asked);
  if (length <= 0) return 1;
  printf("{\"unique\":%zu}\n", unique);
  fflush(stdout);
  return 0;
}

int main(int count, char **arguments) {
  static const struct { const char *name; int (*run)(void); } tools[] = {
      {"blast", blast}, {"sink", sink}, {"events", events}, {"requests", requests}};
  signal(SIGPIPE, SIG_IGN);
  // Sleeps end when they should.
  prctl(PR_SET_TIMERSLACK, 1UL);
  option_count = count;
  options = arguments;
  for (size_t i = 0; count > 1 && i < sizeof tools / sizeof *tools; i++)
    if (!strcmp(arguments[1], tools[i].name)) return tools[i].run();
  fprintf(stderr, "usage: load blast|sink|events|requests NAME=VALUE...\n");
  return 2;
}
