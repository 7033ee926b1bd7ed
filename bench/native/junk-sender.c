/*
 * Puts junk datagrams on the wire for the bench: IPv4 and UDP, by sendmmsg on a packet socket, past the queueing discipline.
 *
 *   junk-sender -i IFACE -m DESTINATION_MAC -d ADDRESS -p PORT -s FIRST_SOURCE [-u SOURCES] [-v VARIED]
 *               -n COUNT -t SECONDS [-r RATE] < PAYLOADS
 *
 * PAYLOADS is one payload a line, in hexadecimal; datagram for datagram the next one is taken, and its last VARIED bytes are
 * random each time. SOURCES is a power of two: so many addresses from FIRST_SOURCE on, none twice before all have come.
 * RATE a second (0: as many as go), until COUNT are sent, SECONDS are over or a SIGTERM comes; then it prints
 * "sent PACKETS NANOSECONDS PROCESSOR_NANOSECONDS". Where the kernel takes a frame through a veth pair to its reader in the
 * same breath, the last figure has that work in it. What it falls behind by more than a hundredth of a second is never made up for: a network
 * does not send in bursts because a host was busy.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "wire.h"

#define HEADERS 42
#define MAX_PAYLOAD 1472
#define MAX_PAYLOADS 1024
#define MAX_COUNT 50000000L
#define MAX_SECONDS 60
#define MAX_SOURCES (1L << 24)
#define MAX_LAG 10000000

static uint8_t frames[BATCH][HEADERS + MAX_PAYLOAD];
static struct iovec vectors[BATCH];
static uint8_t payloads[MAX_PAYLOADS][MAX_PAYLOAD];
static long lengths[MAX_PAYLOADS];
static long payload_count, varied, count, seconds, rate, sources = 1;
static uint32_t destination, first_source, headers_sum;
static int port;

static void put16(uint8_t *at, unsigned value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

/* xorshift64 of Marsaglia (2003): junk has to differ, not to be unpredictable. */
static uint64_t chance(void) {
  static uint64_t state = 0x9e3779b97f4a7c15u;
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

static void vary(uint8_t *from, long size) {
  for (; size >= 8; size -= 8, from += 8) {
    uint64_t random = chance();
    memcpy(from, &random, 8);
  }
  for (; size > 0; size--) *from++ = (uint8_t)chance();
}

/* What all frames have in common, and the sum of its 16-bit words. */
static void prepare(void) {
  for (int i = 0; i < BATCH; i++) {
    uint8_t *frame = frames[i], *ip = frame + 14, *udp = ip + 20;
    memcpy(frame, to_mac, 6);
    memcpy(frame + 6, own_mac, 6);
    frame[12] = 8;
    ip[0] = 0x45;
    ip[8] = 64;
    ip[9] = 17;
    memcpy(ip + 16, &destination, 4);
    put16(udp, 40000);
    put16(udp + 2, (unsigned)port);
    vectors[i].iov_base = frame;
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (int i = 0; i < 20; i += 2) headers_sum += (uint32_t)frames[0][14 + i] << 8 | frames[0][15 + i];
}

/* UDP without a checksum, which IPv4 allows. */
static size_t build(uint8_t *frame, uint32_t from, long which) {
  uint8_t *ip = frame + 14, *udp = ip + 20;
  unsigned length = (unsigned)lengths[which];
  uint32_t sum = headers_sum + (from >> 16) + (from & 0xffff) + 28 + length, network_order = htonl(from);
  long size = varied < (long)length ? varied : (long)length;
  memcpy(ip + 12, &network_order, 4);
  put16(ip + 2, 28 + length);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  put16(ip + 10, ~sum & 0xffff);
  put16(udp + 4, 8 + length);
  memcpy(frame + HEADERS, payloads[which], length - (size_t)size);
  vary(frame + HEADERS + length - size, size);
  return HEADERS + length;
}

/* Sleeps until datagram `sent` is due. */
static int64_t keep_pace(int64_t begin, long sent) {
  int64_t due = begin + (int64_t)((double)sent * 1e9 / (double)rate), lag = now() - due;
  if (lag > MAX_LAG) return begin + lag - MAX_LAG;
  if (lag < 0) sleep_until(due);
  return begin;
}

static int64_t processor_time(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void flood(void) {
  int64_t used = processor_time();
  /* Some 4000 batches a second: no burst is long, and the sleeping costs little. */
  long step = rate == 0 || rate / 4000 >= BATCH ? BATCH : rate / 4000 + 1;
  int64_t start = now(), begin = start, end = start + seconds * 1000000000;
  long sent = 0;
  while (sent < count && !stopped && now() < end) {
    long size = count - sent < step ? count - sent : step;
    for (long i = 0; i < size; i++) {
      uint32_t other = (uint32_t)(sent + i) * 0x9e3779b1u & (uint32_t)(sources - 1);
      vectors[i].iov_len = build(frames[i], first_source + other, (sent + i) % payload_count);
    }
    sent += send_batch(size);
    if (rate > 0) begin = keep_pace(begin, sent);
  }
  printf("sent %ld %lld %lld\n", sent, (long long)(now() - start), (long long)(processor_time() - used));
}

static void read_payloads(void) {
  char line[2 * MAX_PAYLOAD + 2];
  while (payload_count < MAX_PAYLOADS && fgets(line, sizeof line, stdin)) {
    long length = (long)strcspn(line, "\n") / 2;
    for (long i = 0; i < length; i++)
      if (sscanf(line + 2 * i, "%2hhx", &payloads[payload_count][i]) != 1) exit(2);
    lengths[payload_count++] = length;
  }
}

static void read_option(int option) {
  unsigned char *m = to_mac;
  switch (option) {
  case 'i': interface_name = optarg; return;
  case 'm': sscanf(optarg, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2, m + 3, m + 4, m + 5); return;
  case 'd': destination = inet_addr(optarg); return;
  case 'p': port = atoi(optarg); return;
  case 's': first_source = ntohl(inet_addr(optarg)); return;
  case 'u': sources = atol(optarg); return;
  case 'v': varied = atol(optarg); return;
  case 'n': count = atol(optarg); return;
  case 't': seconds = atol(optarg); return;
  case 'r': rate = atol(optarg); return;
  default: exit(2);
  }
}

int main(int argc, char **argv) {
  int option, bypass = 1;
  while ((option = getopt(argc, argv, "i:m:d:p:s:u:v:n:t:r:")) != -1) read_option(option);
  read_payloads();
  int is_bounded = count >= 1 && count <= MAX_COUNT && seconds >= 1 && seconds <= MAX_SECONDS;
  int is_spread = sources >= 1 && sources <= MAX_SOURCES && (sources & (sources - 1)) == 0;
  if (!interface_name || !destination || !first_source || !port || !payload_count || !is_bounded || !is_spread) {
    fprintf(stderr, "junk-sender: -i, -m, -d, -p, -s, -n (1 to %ld), -t (1 to %d), and payloads\n", MAX_COUNT, MAX_SECONDS);
    return 2;
  }
  signal(SIGTERM, on_term);
  /* The kernel may be late by this many nanoseconds when it wakes us: as little as it can. */
  prctl(PR_SET_TIMERSLACK, 1);
  open_wire();
  setsockopt(wire, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof bypass);
  prepare();
  flood();
  return 0;
}
