// A telephone that answers every request over UDP with 200, and counts the MESSAGEs of a run.
//
//   load sink port=5080 run=R1
#define _GNU_SOURCE
#include "load.h"
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/** How many are read before our input is looked at. */
#define BURST 512

/** Writes the answer to a request: its Via, From, To, Call-ID and CSeq. */
static size_t compose_answer(char *into, const char *request) {
  static const char *const copied[] = {"Via:", "From:", "To:", "Call-ID:", "CSeq:"};
  char *end = stpcpy(into, "SIP/2.0 200 OK\r\n");
  const char *line = strstr(request, "\r\n");
  while (line && strncmp(line += 2, "\r\n", 2)) {
    const char *next = strstr(line, "\r\n");
    if (!next) break;
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
      if (strncasecmp(line, copied[i], strlen(copied[i]))) continue;
      end = mempcpy(end, line, (size_t)(next - line));
      end = stpcpy(end, i == 2 ? ";tag=sink\r\n" : "\r\n");
    }
    line = next;
  }
  end = stpcpy(end, "Content-Length: 0\r\n\r\n");
  return (size_t)(end - into);
}

int sink(void) {
  static char message[MAX_DATAGRAM + 1], answer[MAX_DATAGRAM + 1024];
  const char *run = text_option("run", "R1");
  struct arrivals messages = {0};
  struct latencies latencies = {0};
  int fd = udp_socket((int)number_option("port", 5080));
  struct pollfd polls[] = {{.fd = fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
  print_ready();
  do {
    poll(polls, 2, -1);
    for (int i = 0; i < BURST; i++) {
      struct sockaddr_in peer;
      socklen_t peer_size = sizeof peer;
      ssize_t length = recvfrom(fd, message, MAX_DATAGRAM, 0, (void *)&peer, &peer_size);
      if (length <= 0) break;
      message[length] = 0;
      struct mark mark;
      if (!strncmp(message, "MESSAGE ", 8) && find_mark(message, (size_t)length, run, &mark)) {
        if (arrived(&messages, mark.sequence)) add_latency(&latencies, now() - mark.sent);
      }
      if (strncmp(message, "SIP/2.0 ", 8) && strncmp(message, "ACK ", 4))
        sendto(fd, answer, compose_answer(answer, message), 0, (void *)&peer, peer_size);
    }
  } while (!is_ended(polls[1].revents, messages.unique));
  printf("{\"unique\":%zu,\"duplicates\":%zu,", messages.unique, messages.duplicates);
  print_latencies("latency", &latencies);
  printf("}\n");
  return 0;
}
