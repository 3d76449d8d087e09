// Sends MESSAGEs at a steady rate over UDP, and counts what is answered.
//
//   load blast port=5060 from-port=5070 from=bench to=1001 run=R1 rate=2000 secs=10 size=100
#define _GNU_SOURCE
#include "load.h"
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/** How many may be sent before answers are looked for. */
#define BURST 32
/** Nanoseconds for the last answers. */
#define LINGER 2000000000ull
/** Shorter waits, in nanoseconds, are not worth a sleep; longer ones are divided. */
#define SHORTEST_WAIT 20000
#define LONGEST_WAIT 2000000

static int port, from_port, size;
static const char *run, *from, *to;
static uint64_t *sent_at;
static uint8_t *is_answered;
static size_t answered;
static struct latencies round_trips;
static struct statuses statuses;

static size_t compose(char *into, size_t sequence) {
  char body[MAX_DATAGRAM];
  int length = snprintf(body, sizeof body, "%s %zu %llu ", run, sequence, (unsigned long long)sent_at[sequence]);
  if (length < size) {
    memset(body + length, 'x', (size_t)(size - length));
    length = size;
  }
  int head = sprintf(into,
                     "MESSAGE sip:%s@127.0.0.1:%d SIP/2.0\r\n"
                     "Via: SIP/2.0/UDP 127.0.0.1:%d;rport;branch=z9hG4bK%s-%zu\r\n"
                     "Max-Forwards: 70\r\n"
                     "From: <sip:%s@127.0.0.1>;tag=%s-%zu\r\n"
                     "To: <sip:%s@127.0.0.1>\r\n"
                     "Call-ID: %s-%zu@127.0.0.1\r\n"
                     "CSeq: 1 MESSAGE\r\n"
                     "Contact: <sip:%s@127.0.0.1:%d>\r\n"
                     "Content-Type: text/plain\r\n"
                     "Content-Length: %d\r\n\r\n",
                     to, port, from_port, run, sequence, from, run, sequence, to, run, sequence, from, from_port, length);
  memcpy(into + head, body, (size_t)length);
  return (size_t)(head + length);
}

/** Counts a final answer; our Via comes back in it, and with it the number. */
static void count_answer(const char *message, size_t sent) {
  if (strncmp(message, "SIP/2.0 ", 8)) return;
  int status = atoi(message + 8);
  const char *found = strstr(message, run);
  if (status < 200 || !found) return;
  size_t sequence = strtoull(found + strlen(run) + 1, NULL, 10);
  if (sequence >= sent || is_answered[sequence]) return;
  is_answered[sequence] = 1;
  answered++;
  add_status(&statuses, status);
  add_latency(&round_trips, now() - sent_at[sequence]);
}

int blast(void) {
  char message[MAX_DATAGRAM * 2];
  port = (int)number_option("port", 5060), from_port = (int)number_option("from-port", 5070);
  run = text_option("run", "R1"), from = text_option("from", "bench"), to = text_option("to", "1001");
  size = (int)number_option("size", 100);
  double rate = number_option("rate", 1000), secs = number_option("secs", 10);
  size_t total = (size_t)(rate * secs), sent = 0;
  if (size >= MAX_DATAGRAM - 1024 || !total) return 2;
  sent_at = grown(NULL, total * sizeof *sent_at);
  is_answered = calloc(total, 1);
  int fd = udp_socket(from_port);
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

  uint64_t start = now(), last = start;
  while (answered < total) {
    double elapsed = (double)(now() - start) / 1e9;
    size_t due = elapsed >= secs ? total : (size_t)(elapsed * rate), burst = 0;
    for (; sent < due && burst < BURST; burst++) {
      last = sent_at[sent] = now();
      size_t length = compose(message, sent);
      if (sendto(fd, message, length, 0, (void *)&server, sizeof server) < 0 && errno == EAGAIN) break;
      sent++;
    }
    for (ssize_t length; (length = recv(fd, message, sizeof message - 1, 0)) > 0;) {
      message[length] = 0;
      count_answer(message, sent);
    }
    uint64_t time = now();
    if (sent == total && time > last + LINGER) break;
    if (burst == BURST) continue;
    uint64_t next = sent < total ? start + (uint64_t)((double)(sent + 1) / rate * 1e9) : time + LONGEST_WAIT;
    uint64_t wait = next > time ? next - time : 0;
    if (wait < SHORTEST_WAIT) continue;
    struct pollfd poll = {.fd = fd, .events = POLLIN};
    struct timespec timeout = {.tv_nsec = (long)(wait > LONGEST_WAIT ? LONGEST_WAIT : wait)};
    ppoll(&poll, 1, &timeout, NULL);
  }
  printf("{\"sent\":%zu,\"rate\":%.1f,\"answered\":%zu,", sent, (double)sent * 1e9 / (double)(last - start + 1), answered);
  print_statuses(&statuses);
  printf(",");
  print_latencies("latency", &round_trips);
  printf("}\n");
  return 0;
}
