/*
 * The floor under every program that reads packets through libpcap: opens a device as spad's receiver does and counts.
 *
 *   pcap-reader DEVICE SNAP_LENGTH RING_BYTES REST_MS FILTER
 *
 * Immediate mode; where the ring has been emptied twice within REST_MS it sleeps for so long before it looks again, as
 * the receiver does. It prints "ready", and "seen PACKETS" at each SIGUSR2, until a SIGTERM ends it.
 */
#define _GNU_SOURCE
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile sig_atomic_t asked;
static long seen;

static void on_question(int number) {
  (void)number;
  asked = 1;
}

static void answer(void) {
  asked = 0;
  printf("seen %ld\n", seen);
  fflush(stdout);
}

static void take(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes) {
  (void)user;
  (void)header;
  (void)bytes;
  seen++;
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int fail(const char *words) {
  fprintf(stderr, "pcap-reader: %s\n", words);
  return 1;
}

_Noreturn static void read_all(pcap_t *capture, int64_t rest) {
  struct pollfd wait = {pcap_get_selectable_fd(capture), POLLIN, 0};
  int64_t last = 0;
  for (;;) {
    int ready = poll(&wait, 1, -1);
    if (asked) answer();
    if (ready <= 0) continue;
    while (pcap_dispatch(capture, -1, take, NULL) > 0)
      ;
    if (now() - last < rest) nanosleep(&(struct timespec){0, rest}, NULL);
    last = now();
  }
}

int main(int argc, char **argv) {
  char words[PCAP_ERRBUF_SIZE];
  struct bpf_program filter;
  if (argc != 6) return fail("DEVICE SNAP_LENGTH RING_BYTES REST_MS FILTER");
  pcap_t *capture = pcap_create(argv[1], words);
  if (!capture) return fail(words);
  pcap_set_snaplen(capture, atoi(argv[2]));
  pcap_set_buffer_size(capture, atoi(argv[3]));
  pcap_set_immediate_mode(capture, 1);
  if (pcap_activate(capture) < 0) return fail(pcap_geterr(capture));
  if (pcap_compile(capture, &filter, argv[5], 1, PCAP_NETMASK_UNKNOWN) < 0) return fail(pcap_geterr(capture));
  if (pcap_setfilter(capture, &filter) < 0 || pcap_setnonblock(capture, 1, words) < 0) return fail(pcap_geterr(capture));
  signal(SIGUSR2, on_question);
  puts("ready");
  fflush(stdout);
  read_all(capture, atoi(argv[4]) * 1000000LL);
}
