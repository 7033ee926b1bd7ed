/* What the senders of the bench have in common: a packet socket that takes frames in batches, a clock, and an end at SIGTERM. */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64

static struct mmsghdr messages[BATCH];
static volatile sig_atomic_t stopped;
static const char *interface_name;
static uint8_t to_mac[6], own_mac[6];
static int wire;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void on_term(int number) {
  (void)number;
  stopped = 1;
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_until(int64_t when) {
  struct timespec t = {when / 1000000000, when % 1000000000};
  while (!stopped && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
    ;
}

static long send_batch(long size) {
  long done = 0;
  while (done < size && !stopped) {
    int sent = sendmmsg(wire, messages + done, (unsigned)(size - done), 0);
    if (sent < 0 && errno != ENOBUFS && errno != EINTR) die("sendmmsg");
    if (sent > 0) done += sent;
  }
  return done;
}

static void open_wire(void) {
  struct ifreq request = {0};
  struct sockaddr_ll address = {0};
  wire = socket(AF_PACKET, SOCK_RAW, 0);
  if (wire < 0) die("socket");
  strncpy(request.ifr_name, interface_name, IFNAMSIZ - 1);
  if (ioctl(wire, SIOCGIFHWADDR, &request) < 0) die(interface_name);
  memcpy(own_mac, request.ifr_hwaddr.sa_data, 6);
  address.sll_family = AF_PACKET;
  address.sll_ifindex = (int)if_nametoindex(interface_name);
  if (bind(wire, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
}
