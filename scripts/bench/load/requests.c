// HTTP clients: connections that are kept, each of which sends its next request when the last one is answered.
//
//   load requests port=8088 method=PUT path=/ari/… key=<base64> connections=16 secs=10 run=R1
//
// With `run` the path ends in the mark of the request.
#define _GNU_SOURCE
#include "load.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/** Nanoseconds for the last answers. */
#define LINGER 3000000000ull

struct connection {
  int fd, is_busy;
  uint64_t sent;
  char data[65536];
  size_t length;
};

static const char *method, *path, *key, *run;
static size_t sequence, under_way, failed;
static struct statuses statuses;
static struct latencies latencies;

static void send_request(struct connection *connection) {
  char request[2048], mark[128] = "";
  connection->sent = now();
  if (*run) snprintf(mark, sizeof mark, "%s+%zu+%llu+", run, sequence, (unsigned long long)connection->sent);
  int length = snprintf(request, sizeof request, "%s %s%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic %s\r\n%s\r\n",
                        method, path, mark, key, strcmp(method, "GET") ? "Content-Length: 0\r\n" : "");
  sequence++;
  under_way++;
  connection->is_busy = 1;
  connection->length = 0;
  if (write(connection->fd, request, (size_t)length) != length) fail("a request");
}

/** Reads what is there: the status when the answer is whole, 0 before, -1 when the connection has ended. */
static int read_answer(struct connection *connection) {
  ssize_t length = read(connection->fd, connection->data + connection->length, sizeof connection->data - connection->length - 1);
  if (length < 0 && errno == EAGAIN) return 0;
  if (length <= 0) return -1;
  connection->length += (size_t)length;
  connection->data[connection->length] = 0;
  char *end = strstr(connection->data, "\r\n\r\n");
  if (!end) return 0;
  char *found = strcasestr(connection->data, "\r\ncontent-length:");
  size_t body = found && found < end ? strtoull(found + 17, NULL, 10) : 0;
  return connection->length < (size_t)(end + 4 - connection->data) + body ? 0 : atoi(connection->data + 9);
}

int requests(void) {
  method = text_option("method", "GET"), path = text_option("path", "/");
  key = text_option("key", ""), run = text_option("run", "");
  int count = (int)number_option("connections", 1), port = (int)number_option("port", 8088), watched = epoll_create1(0);
  double secs = number_option("secs", 10);
  struct connection *connections = calloc((size_t)count, sizeof *connections);
  for (int i = 0; i < count; i++) {
    connections[i].fd = tcp_socket(port);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(watched, EPOLL_CTL_ADD, connections[i].fd, &event);
  }
  uint64_t start = now(), end = start + (uint64_t)(secs * 1e9);
  for (int i = 0; i < count; i++) send_request(&connections[i]);
  while (under_way && now() < end + LINGER) {
    struct epoll_event ready[64];
    int found = epoll_wait(watched, ready, 64, 100);
    for (int i = 0; i < found; i++) {
      struct connection *connection = &connections[ready[i].data.u32];
      int status = read_answer(connection);
      if (!status) continue;
      if (connection->is_busy) under_way--;
      connection->is_busy = 0;
      if (status < 0) {
        failed++;
        epoll_ctl(watched, EPOLL_CTL_DEL, connection->fd, NULL);
        continue;
      }
      uint64_t time = now();
      add_status(&statuses, status);
      add_latency(&latencies, time - connection->sent);
      if (time < end) send_request(connection);
    }
  }
  printf("{\"sent\":%zu,\"failed\":%zu,\"rate\":%.1f,", sequence, failed + under_way, (double)latencies.count / secs);
  print_statuses(&statuses);
  printf(",");
  print_latencies("latency", &latencies);
  printf("}\n");
  return 0;
}
