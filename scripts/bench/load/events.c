// Applications: WebSockets, each with an application of its own, that count the events which carry a mark of the run.
//
//   load events port=8088 path=/ari/events key=ari:ari app=bench count=50 run=R1
#define _GNU_SOURCE
#include "load.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READ_SIZE 65536
#define OUR_INPUT UINT32_MAX

enum opcode { CLOSE = 8, PING = 9 };

struct connection {
  int fd, is_closed;
  uint8_t *data;
  size_t length, room;
  struct arrivals events;
};

static const char *run;
static struct latencies latencies;
static uint64_t first, last;
static size_t unique;

static ssize_t receive(struct connection *connection) {
  if (connection->room - connection->length < READ_SIZE) {
    connection->room = connection->room * 2 + READ_SIZE;
    connection->data = grown(connection->data, connection->room + 1);
  }
  ssize_t length = read(connection->fd, connection->data + connection->length, connection->room - connection->length);
  if (length > 0) connection->length += (size_t)length;
  connection->data[connection->length] = 0;
  return length;
}

static void consume(struct connection *connection, size_t length) {
  connection->length -= length;
  memmove(connection->data, connection->data + length, connection->length);
}

/** Opens the WebSocket of the application with that number; a single one has the bare name. */
static void upgrade(struct connection *connection, int port, int index, int count) {
  char request[1024], number[16] = "";
  if (count > 1) snprintf(number, sizeof number, "%d", index);
  int length = snprintf(request, sizeof request,
                        "GET %s?app=%s%s&api_key=%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                        text_option("path", "/ari/events"), text_option("app", "bench"), number, text_option("key", "ari:ari"), port);
  connection->fd = tcp_socket(port);
  if (write(connection->fd, request, (size_t)length) != length) fail("the upgrade");
  char *end = NULL;
  while (!end) {
    struct pollfd readable = {.fd = connection->fd, .events = POLLIN};
    poll(&readable, 1, -1);
    if (receive(connection) <= 0) fail("the upgrade");
    end = strstr((char *)connection->data, "\r\n\r\n");
  }
  if (strncmp((char *)connection->data, "HTTP/1.1 101", 12)) {
    fprintf(stderr, "WebSocket %d of %d was refused: %.60s\n", index + 1, count, connection->data);
    exit(1);
  }
  consume(connection, (size_t)(end + 4 - (char *)connection->data));
}

static void on_event(struct connection *connection, const char *text, size_t length, uint64_t time) {
  struct mark mark;
  if (!memmem(text, length, "TextMessageReceived", 19) || !find_mark(text, length, run, &mark)) return;
  if (!arrived(&connection->events, mark.sequence)) return;
  add_latency(&latencies, time - mark.sent);
  unique++;
  if (!first) first = time;
  last = time;
}

static void pong(struct connection *connection, const uint8_t *payload, size_t length) {
  uint8_t frame[6 + 125] = {0x8a, (uint8_t)(0x80 | length)};
  if (length > 125) return;
  memcpy(frame + 6, payload, length);
  if (write(connection->fd, frame, 6 + length) < 0) connection->is_closed = 1;
}

/** Deals with the first frame of the data that is whole: how many octets it has, 0 if there is none. */
static size_t read_frame(struct connection *connection, const uint8_t *data, size_t length, uint64_t time) {
  if (length < 2) return 0;
  size_t payload = data[1] & 127, head = payload == 126 ? 4 : payload == 127 ? 10 : 2;
  if (length < head) return 0;
  if (head > 2) payload = 0;
  for (size_t i = 2; i < head; i++) payload = payload << 8 | data[i];
  if (length < head + payload) return 0;
  switch (data[0] & 15) {
  case CLOSE: connection->is_closed = 1; break;
  case PING: pong(connection, data + head, payload); break;
  default: on_event(connection, (const char *)data + head, payload, time);
  }
  return head + payload;
}

/** Reads what is there; whether the connection still is. */
static int read_events(struct connection *connection) {
  ssize_t length = receive(connection);
  if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) connection->is_closed = 1;
  uint64_t time = now();
  size_t done = 0;
  for (size_t frame; (frame = read_frame(connection, connection->data + done, connection->length - done, time));) done += frame;
  consume(connection, done);
  return !connection->is_closed;
}

static void print_all(const struct connection *connections, int count) {
  size_t duplicates = 0, closed = 0, fewest = SIZE_MAX;
  for (int i = 0; i < count; i++) {
    duplicates += connections[i].events.duplicates;
    closed += (size_t)connections[i].is_closed;
    if (connections[i].events.unique < fewest) fewest = connections[i].events.unique;
  }
  printf("{\"unique\":%zu,\"duplicates\":%zu,\"closed\":%zu,\"fewest\":%zu,", unique, duplicates, closed, fewest);
  printf("\"secs\":%.3f,", (double)(last - first) / 1e9);
  print_latencies("latency", &latencies);
  printf("}\n");
}

int events(void) {
  run = text_option("run", "R1");
  int count = (int)number_option("count", 1), port = (int)number_option("port", 8088), watched = epoll_create1(0);
  struct connection *connections = calloc((size_t)count, sizeof *connections);
  for (int i = 0; i < count; i++) {
    upgrade(&connections[i], port, i, count);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(watched, EPOLL_CTL_ADD, connections[i].fd, &event);
  }
  struct epoll_event input = {.events = EPOLLIN, .data.u32 = OUR_INPUT};
  epoll_ctl(watched, EPOLL_CTL_ADD, STDIN_FILENO, &input);
  print_ready();
  for (int ended = 0; !ended;) {
    struct epoll_event ready[64];
    int found = epoll_wait(watched, ready, 64, -1);
    for (int i = 0; i < found; i++) {
      uint32_t which = ready[i].data.u32;
      if (which == OUR_INPUT) ended = is_ended(1, unique);
      else if (!read_events(&connections[which])) epoll_ctl(watched, EPOLL_CTL_DEL, connections[which].fd, NULL);
    }
  }
  print_all(connections, count);
  return 0;
}
