/*
 * Puts UDP datagrams with given texts on the wire for the bench: IPv4 frames by sendmmsg on a packet socket.
 *
 *   text-sender -i IFACE -m DESTINATION_MAC -d ADDRESS -s SOURCE|random -p PORT -t FILE -n COUNT [-r RATE]
 *
 * COUNT datagrams, each with the next line of FILE, RATE a second (0: as many as go). At the end, or at SIGTERM, it prints
 * "sent PACKETS NANOSECONDS". "random" gives every datagram a source in a /24 of its own, in 11.0.0.0/8 to 14.0.0.0/8.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "wire.h"

#define HEADERS 42
#define MAX_TEXT 1472
#define MAX_TEXTS 4096

static uint8_t frames[BATCH][HEADERS + MAX_TEXT];
static struct iovec vectors[BATCH];
static char *texts[MAX_TEXTS];
static long text_count, count, rate;
static const char *source = "random", *file;
static uint32_t destination;
static int port;

static void put16(uint8_t *at, unsigned value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

/* Ethernet, IPv4, and UDP without a checksum, which IPv4 allows and fwknop's own raw modes send. */
static size_t build(uint8_t *frame, uint32_t from, const char *text) {
  uint8_t *ip = frame + 14, *udp = ip + 20;
  size_t length = strlen(text);
  uint32_t source_address = htonl(from), sum = 0;
  memset(frame, 0, HEADERS);
  memcpy(frame, to_mac, 6);
  memcpy(frame + 6, own_mac, 6);
  frame[12] = 8;
  ip[0] = 0x45;
  put16(ip + 2, (unsigned)(28 + length));
  ip[8] = 64;
  ip[9] = 17;
  memcpy(ip + 12, &source_address, 4);
  memcpy(ip + 16, &destination, 4);
  for (int i = 0; i < 20; i += 2) sum += (uint32_t)ip[i] << 8 | ip[i + 1];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  put16(ip + 10, ~sum & 0xffff);
  put16(udp, 40000);
  put16(udp + 2, (unsigned)port);
  put16(udp + 4, (unsigned)(8 + length));
  memcpy(frame + HEADERS, text, length);
  return HEADERS + length;
}

static void flood(void) {
  int is_random = strcmp(source, "random") == 0;
  uint32_t first = is_random ? 0 : ntohl(inet_addr(source));
  long step = rate > 0 && rate < 64000 ? rate / 1000 + 1 : BATCH;
  int64_t begin = now();
  long sent = 0;
  while (sent < count && !stopped) {
    long size = count - sent < step ? count - sent : step;
    for (long i = 0; i < size; i++) {
      /* An odd factor: no network comes twice within 2^18 datagrams. */
      uint32_t other = 0x0b000001 + (((uint32_t)(sent + i) * 0x9e3779b1u & 0x3ffff) << 8);
      vectors[i].iov_len = build(frames[i], is_random ? other : first, texts[(sent + i) % text_count]);
    }
    sent += send_batch(size);
    if (rate > 0) sleep_until(begin + (int64_t)((double)sent * 1e9 / (double)rate));
  }
  printf("sent %ld %lld\n", sent, (long long)(now() - begin));
}

static void read_texts(void) {
  FILE *lines = fopen(file, "r");
  char line[MAX_TEXT + 2];
  if (!lines) die(file);
  while (text_count < MAX_TEXTS && fgets(line, sizeof line, lines)) {
    line[strcspn(line, "\n")] = 0;
    texts[text_count++] = strdup(line);
  }
  fclose(lines);
}

int main(int argc, char **argv) {
  unsigned char *m = to_mac;
  int option;
  while ((option = getopt(argc, argv, "i:m:d:s:p:t:n:r:")) != -1) {
    switch (option) {
    case 'i': interface_name = optarg; break;
    case 'm': sscanf(optarg, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2, m + 3, m + 4, m + 5); break;
    case 'd': destination = inet_addr(optarg); break;
    case 's': source = optarg; break;
    case 'p': port = atoi(optarg); break;
    case 't': file = optarg; break;
    case 'n': count = atol(optarg); break;
    case 'r': rate = atol(optarg); break;
    default: return 2;
    }
  }
  if (!interface_name || !destination || !port || !file || count < 1) {
    fprintf(stderr, "text-sender: -i, -m, -d, -p, -t and -n are needed\n");
    return 2;
  }
  signal(SIGTERM, on_term);
  read_texts();
  if (text_count == 0) return 2;
  for (int i = 0; i < BATCH; i++) {
    vectors[i].iov_base = frames[i];
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  open_wire();
  flood();
  return 0;
}
