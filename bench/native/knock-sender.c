/*
 * Puts knocks on the wire for the bench: IPv4 frames by sendmmsg on a packet socket.
 *
 *   knock-sender -i IFACE -m DESTINATION_MAC -d ADDRESS -s SOURCE|random -P tcp|udp -p PORT[,PORT...] -f FLAGS
 *                -n COUNT [-r RATE] [-g GAP_MS -t PATIENCE_MS -w FIFO]
 *
 * Without -w: a flood of COUNT packets, the ports in turn, RATE a second (0: as many as go). At the end, or at SIGTERM,
 * it prints "sent PACKETS NANOSECONDS". "random" gives every packet a source of its own, in 11.0.0.0/8.
 * With -w: COUNT rounds, each with a source of its own from SOURCE on; all ports GAP_MS apart, then the time from
 * before the last one is sent until a line with that source comes out of FIFO: "opened NANOSECONDS", or
 * "lost" where that takes longer than PATIENCE_MS.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "wire.h"

#define FRAME 54
#define MAX_COUNT 50000000L
#define MAX_PORTS 16
#define MAX_SOURCES 100

static uint8_t frames[BATCH][FRAME];
static struct iovec vectors[BATCH];

static const char *source = "random", *letters = "S", *fifo;
static uint32_t destination, first_source;
static int is_udp, is_random, port_count, gap_ms = 20, patience_ms = 2000;
static int ports[MAX_PORTS];
static long count, rate;

static uint32_t add(uint32_t sum, const uint8_t *at, int length) {
  for (int i = 0; i + 1 < length; i += 2) sum += (uint32_t)at[i] << 8 | at[i + 1];
  return sum;
}

static void put_checksum(uint8_t *at, uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  at[0] = (uint8_t)(~sum >> 8);
  at[1] = (uint8_t)~sum;
}

static uint8_t flag_bits(void) {
  uint8_t bits = 0;
  for (const char *p = letters; *p; p++) {
    const char *all = "FSRPAU", *found = strchr(all, *p);
    if (found) bits |= (uint8_t)(1 << (found - all));
  }
  return bits;
}

/* One frame: Ethernet, IPv4, and TCP or an empty UDP datagram, with good checksums. */
static void build(uint8_t *frame, uint32_t from, int port) {
  uint8_t *ip = frame + 14, *head = ip + 20;
  int size = is_udp ? 8 : 20;
  uint32_t source_address = htonl(from);
  uint16_t to_port = htons((uint16_t)port), own_port = htons(40000);
  memset(frame, 0, FRAME);
  memcpy(frame, to_mac, 6);
  memcpy(frame + 6, own_mac, 6);
  frame[12] = 8;
  ip[0] = 0x45;
  ip[3] = (uint8_t)(20 + size);
  ip[8] = 64;
  ip[9] = is_udp ? 17 : 6;
  memcpy(ip + 12, &source_address, 4);
  memcpy(ip + 16, &destination, 4);
  put_checksum(ip + 10, add(0, ip, 20));
  memcpy(head, &own_port, 2);
  memcpy(head + 2, &to_port, 2);
  if (is_udp) {
    head[5] = 8;
  } else {
    head[7] = 1;
    head[12] = 0x50;
    head[13] = flag_bits();
    head[14] = 4;
  }
  put_checksum(head + (is_udp ? 6 : 16), add(add((uint32_t)ip[9] + (uint32_t)size, ip + 12, 8), head, size));
}

static void flood(void) {
  int64_t begin = now();
  long sent = 0;
  long step = rate > 0 && rate < 64000 ? rate / 1000 + 1 : BATCH;
  while (sent < count && !stopped) {
    long size = count - sent < step ? count - sent : step;
    for (long i = 0; i < size; i++) {
      /* An odd factor: no source comes twice within 2^24 packets. */
      uint32_t other = 0x0b000000 | ((uint32_t)(sent + i) * 0x9e3779b1u & 0xffffff);
      build(frames[i], is_random ? other : first_source, ports[(sent + i) % port_count]);
    }
    sent += send_batch(size);
    if (rate > 0) sleep_until(begin + (int64_t)((double)sent * 1e9 / (double)rate));
  }
  printf("sent %ld %lld\n", sent, (long long)(now() - begin));
}

static void drain(int from) {
  char rubbish[256];
  while (read(from, rubbish, sizeof rubbish) > 0)
    ;
}

/* When a line with this source came, 0 for not in time. Lines of earlier rounds may still come in. */
static int64_t opened_at(int answers, uint32_t from) {
  char text[4096] = "", wanted[32];
  struct pollfd wait = {answers, POLLIN, 0};
  struct in_addr address = {htonl(from)};
  int64_t deadline = now() + patience_ms * 1000000LL;
  snprintf(wanted, sizeof wanted, "%s\n", inet_ntoa(address));
  while (!stopped && now() < deadline) {
    if (poll(&wait, 1, (int)((deadline - now()) / 1000000) + 1) <= 0) continue;
    int64_t when = now();
    ssize_t size = read(answers, text, sizeof text - 1);
    text[size > 0 ? size : 0] = 0;
    if (strstr(text, wanted)) return when;
  }
  return 0;
}

static void rounds(void) {
  /* Open for writing too, so that it never ends when a command has closed it. */
  int answers = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (answers < 0) die(fifo);
  for (long round = 0; round < count && !stopped; round++) {
    int64_t begin = 0;
    for (int i = 0; i < port_count; i++) {
      build(frames[0], first_source + (uint32_t)(round % MAX_SOURCES), ports[i]);
      if (i == port_count - 1) drain(answers);
      begin = now();
      send_batch(1);
      if (i < port_count - 1) sleep_until(begin + (int64_t)gap_ms * 1000000);
    }
    int64_t opened = opened_at(answers, first_source + (uint32_t)(round % MAX_SOURCES));
    if (opened > 0) printf("opened %lld\n", (long long)(opened - begin));
    else printf("lost\n");
    fflush(stdout);
    /* Keeps from falling into step with a daemon that sleeps in between. */
    sleep_until(now() + (20 + rand() % 100) * 1000000LL);
  }
}

static void read_option(int option) {
  unsigned char *m = to_mac;
  switch (option) {
  case 'i': interface_name = optarg; return;
  case 'm': sscanf(optarg, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2, m + 3, m + 4, m + 5); return;
  case 'd': destination = inet_addr(optarg); return;
  case 's': source = optarg; return;
  case 'P': is_udp = strcmp(optarg, "udp") == 0; return;
  case 'p':
    for (char *word = strtok(optarg, ","); word && port_count < MAX_PORTS; word = strtok(NULL, ","))
      ports[port_count++] = atoi(word);
    return;
  case 'f': letters = optarg; return;
  case 'n': count = atol(optarg); return;
  case 'r': rate = atol(optarg); return;
  case 'g': gap_ms = atoi(optarg); return;
  case 't': patience_ms = atoi(optarg); return;
  case 'w': fifo = optarg; return;
  default: exit(2);
  }
}

int main(int argc, char **argv) {
  int option;
  while ((option = getopt(argc, argv, "i:m:d:s:P:p:f:n:r:g:t:w:")) != -1) read_option(option);
  if (!interface_name || !destination || port_count == 0 || count < 1 || count > MAX_COUNT) {
    fprintf(stderr, "knock-sender: -i, -m, -d, -p and -n (1 to %ld) are needed\n", MAX_COUNT);
    return 2;
  }
  is_random = strcmp(source, "random") == 0;
  first_source = is_random ? 0 : ntohl(inet_addr(source));
  srand((unsigned)now());
  signal(SIGTERM, on_term);
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){frames[i], (size_t)(is_udp ? 42 : FRAME)};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  open_wire();
  if (fifo) rounds();
  else flood();
  return 0;
}
