/*
 * Sends honest SPA packets and watches when their ports open, with little processor time: for measurements during which
 * there is none to spare.
 *
 *   honest-sender -d ADDRESS -p SPA_PORT -g GAP_MS -t TIMEOUT_MS < SHOTS
 *
 * SHOTS is one packet a line: the UDP port that it opens, and the SPA packet in hexadecimal. They are sent GAP_MS apart,
 * give or take a half, whether earlier ones have opened or not. Each port is sent a small datagram again and again, every
 * quarter of a millisecond at first and every five at last; a service behind it sends them back. For each packet it
 * prints "opened NANOSECONDS", from before the packet is sent until after the first answered datagram is sent, or "lost".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_SHOTS 1000
#define MAX_PACKET 1500
#define MAX_KNOCKS 4096
#define MS 1000000LL
/* How long after the last datagram an answer may come: the service is a program on a busy machine too. */
#define PATIENCE (1000 * MS)

struct shot {
  uint8_t packet[MAX_PACKET];
  size_t length;
  int port;
  int64_t sent, next;
  int64_t knocked[MAX_KNOCKS];
  uint32_t knocks;
  /* Nanoseconds; -1 while it is not known, 0 for lost. */
  int64_t latency;
};

struct echo {
  uint32_t shot, knock;
};

static struct shot shots[MAX_SHOTS];
static uint32_t shot_count;
static struct sockaddr_in to;
static int spa_port, spa_socket, knock_socket;
static int64_t gap, timeout;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void put(int from, const void *bytes, size_t length, int port) {
  to.sin_port = htons((uint16_t)port);
  if (sendto(from, bytes, length, 0, (struct sockaddr *)&to, sizeof to) < 0 && errno != EAGAIN && errno != ENOBUFS) {
    perror("sendto");
    exit(1);
  }
}

static void fire(struct shot *shot) {
  shot->sent = now();
  put(spa_socket, shot->packet, shot->length, spa_port);
  shot->next = shot->sent;
  shot->latency = -1;
}

/* Sends what is due; when the next datagram is. */
static int64_t knock(struct shot *shot, int64_t at) {
  /* What is settled stays settled: one that has opened is not lost by growing old while others are still sent. */
  if (shot->latency >= 0) return INT64_MAX;
  int64_t age = at - shot->sent;
  if (age > timeout + PATIENCE) {
    shot->latency = 0;
    return INT64_MAX;
  }
  if (age > timeout || shot->knocks == MAX_KNOCKS) return shot->sent + timeout + PATIENCE + 1;
  if (at >= shot->next) {
    struct echo echo = {(uint32_t)(shot - shots), shot->knocks};
    put(knock_socket, &echo, sizeof echo, shot->port);
    shot->knocked[shot->knocks++] = now();
    shot->next = at + (age < 20 * MS ? MS / 4 : age < 100 * MS ? MS : 5 * MS);
  }
  return shot->next;
}

static void listen_for_echoes(void) {
  struct echo echo;
  while (recv(knock_socket, &echo, sizeof echo, MSG_DONTWAIT) == (ssize_t)sizeof echo) {
    if (echo.shot >= shot_count) continue;
    struct shot *shot = &shots[echo.shot];
    if (shot->latency < 0 && echo.knock < shot->knocks) shot->latency = shot->knocked[echo.knock] - shot->sent;
  }
}

static void shoot(void) {
  struct pollfd wait = {knock_socket, POLLIN, 0};
  uint32_t fired = 0;
  for (int64_t due = now(), first = INT64_MAX; fired < shot_count || first < INT64_MAX;) {
    int64_t at = now();
    if (fired < shot_count && at >= due) {
      fire(&shots[fired++]);
      due = at + gap / 2 + gap * (rand() % 1000) / 1000;
    }
    first = INT64_MAX;
    for (uint32_t i = 0; i < fired; i++) {
      int64_t next = knock(&shots[i], at);
      if (next < first) first = next;
    }
    int64_t left = (fired < shot_count && due < first ? due : first) - now();
    if (first == INT64_MAX && fired == shot_count) break;
    ppoll(&wait, 1, &(struct timespec){left > 0 ? left / 1000000000 : 0, left > 0 ? left % 1000000000 : 0}, NULL);
    listen_for_echoes();
  }
}

static void read_shots(void) {
  char line[2 * MAX_PACKET + 16];
  while (shot_count < MAX_SHOTS && fgets(line, sizeof line, stdin)) {
    struct shot *shot = &shots[shot_count++];
    char *hex = NULL;
    shot->port = (int)strtol(line, &hex, 10);
    hex += strspn(hex, " ");
    for (; sscanf(hex, "%2hhx", &shot->packet[shot->length]) == 1; hex += 2) shot->length++;
  }
}

int main(int argc, char **argv) {
  int option;
  to.sin_family = AF_INET;
  while ((option = getopt(argc, argv, "d:p:g:t:")) != -1) {
    switch (option) {
    case 'd': to.sin_addr.s_addr = inet_addr(optarg); break;
    case 'p': spa_port = atoi(optarg); break;
    case 'g': gap = atoi(optarg) * MS; break;
    case 't': timeout = atoi(optarg) * MS; break;
    default: return 2;
    }
  }
  read_shots();
  if (!to.sin_addr.s_addr || !spa_port || gap <= 0 || timeout <= 0 || timeout > 10000 * MS || shot_count == 0) {
    fprintf(stderr, "honest-sender: -d, -p, -g, -t (1 to 10000) and packets are needed\n");
    return 2;
  }
  srand((unsigned)now());
  prctl(PR_SET_TIMERSLACK, 1);
  spa_socket = socket(AF_INET, SOCK_DGRAM, 0);
  knock_socket = socket(AF_INET, SOCK_DGRAM, 0);
  shoot();
  for (uint32_t i = 0; i < shot_count; i++) {
    if (shots[i].latency > 0) printf("opened %lld\n", (long long)shots[i].latency);
    else printf("lost\n");
  }
  return 0;
}
