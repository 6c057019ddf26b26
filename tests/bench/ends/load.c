/* Sends one message many times over a number of sessions, and says how long each took.
 *
 * load PORT FILE SESSIONS MESSAGES RUN
 *
 * FILE is in wire form (CRLF, dots doubled, no final dot). Sixteen zeros in its Message-ID become
 * RUN and a running number, so that no message is another's copy. Prints one line of JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 4096, REPLY = 4096, BLOCK = 1 << 20, ID = 16 };
static const char MARK[] = "<0000000000000000.";

static const char *message;
static size_t size, id_at;
static int port;
static long wanted;
static unsigned run;
static double *took;
static atomic_long next_one, failed, told;
static _Atomic uint64_t octets, sum;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int put(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t gone = send(fd, p, n < BLOCK ? n : BLOCK, MSG_NOSIGNAL);
        if (gone <= 0)
            return 0;
        p += gone;
        n -= (size_t)gone;
    }
    return 1;
}

/* Read a reply to its last line and return its code, 0 when the connection is gone. */
static int reply(int fd)
{
    char text[REPLY];
    size_t used = 0;
    for (;;) {
        ssize_t got = recv(fd, text + used, sizeof text - used - 1, 0);
        if (got <= 0)
            return 0;
        used += (size_t)got;
        text[used] = 0;
        if (text[used - 1] != '\n' || used + 600 > sizeof text)
            continue;
        char *last = text + used - 1;
        while (last > text && last[-1] != '\n')
            last--;
        if (strlen(last) > 3 && last[3] == ' ')
            return atoi(last);
    }
}

static int ask(int fd, const char *command, int code)
{
    int got = put(fd, command, strlen(command)) ? reply(fd) : 0;
    if (got != code && atomic_fetch_add(&told, 1) < 3)
        fprintf(stderr, "load: %d to %s", got, command);
    return got == code;
}

static int enter(void)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval patience = {.tv_sec = 120};
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (!connect(fd, (struct sockaddr *)&there, sizeof there) && reply(fd) == 220 &&
        ask(fd, "EHLO load.example\r\n", 250))
        return fd;
    close(fd);
    return -1;
}

static int deliver(int fd, const char *head)
{
    size_t first = size < HEAD ? size : HEAD;
    return ask(fd, "MAIL FROM:<joe@customer.example>\r\n", 250) &&
           ask(fd, "RCPT TO:<anna@corp.example>\r\n", 250) && ask(fd, "DATA\r\n", 354) &&
           put(fd, head, first) && put(fd, message + first, size - first) &&
           ask(fd, ".\r\n", 250);
}

static void *session(void *nothing)
{
    char head[HEAD], id[ID + 1];
    int fd = enter();
    memcpy(head, message, size < HEAD ? size : HEAD);
    for (;;) {
        long number = atomic_fetch_add(&next_one, 1);
        if (number >= wanted)
            break;
        uint64_t extra = 0;
        snprintf(id, sizeof id, "%08x%08lx", run, number);
        memcpy(head + id_at, id, ID);
        for (int i = 0; i < ID; i++)
            extra += (uint64_t)(id[i] - '0');
        double start = now();
        if (fd < 0 || !deliver(fd, head)) {
            failed++;
            took[number] = -1;
            if (fd >= 0)
                close(fd);
            fd = enter();
            continue;
        }
        took[number] = now() - start;
        octets += size;
        sum += extra;
    }
    if (fd >= 0) {
        ask(fd, "QUIT\r\n", 221);
        close(fd);
    }
    return nothing;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "load PORT FILE SESSIONS MESSAGES RUN\n");
        return 2;
    }
    int file = open(argv[2], O_RDONLY), sessions = atoi(argv[3]);
    struct stat about;
    if (file < 0 || fstat(file, &about)) {
        perror(argv[2]);
        return 2;
    }
    port = atoi(argv[1]);
    wanted = atol(argv[4]);
    run = (unsigned)strtoul(argv[5], NULL, 16);
    size = (size_t)about.st_size;
    message = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    const char *mark = memmem(message, size < HEAD ? size : HEAD, MARK, sizeof MARK - 1);
    if (!mark) {
        fprintf(stderr, "load: no %s in the head of %s\n", MARK, argv[2]);
        return 2;
    }
    id_at = (size_t)(mark - message) + 1;
    uint64_t plain = 0;
    for (size_t i = 0; i < size; i++)
        plain += (unsigned char)message[i];

    took = calloc((size_t)wanted, sizeof *took);
    pthread_t *threads = calloc((size_t)sessions, sizeof *threads);
    double start = now();
    for (int i = 0; i < sessions; i++)
        pthread_create(threads + i, NULL, session, NULL);
    for (int i = 0; i < sessions; i++)
        pthread_join(threads[i], NULL);
    double lasted = now() - start;

    long bad = failed, good = wanted - bad;
    qsort(took, (size_t)wanted, sizeof *took, by_size);
    printf("{\"sent\": %ld, \"failed\": %ld, \"seconds\": %.6f, \"p50_ms\": %.4f, "
           "\"p99_ms\": %.4f, \"octets\": %llu, \"sum\": %llu, \"spread_ms\": [",
           good, bad, lasted, good ? took[bad + (good - 1) / 2] * 1e3 : 0.0,
           good ? took[bad + (good * 99 + 99) / 100 - 1] * 1e3 : 0.0, (unsigned long long)octets,
           (unsigned long long)(sum + plain * (uint64_t)good));
    static const long of_thousand[] = {500, 750, 900, 950, 990, 999};
    for (size_t i = 0; i < sizeof of_thousand / sizeof *of_thousand; i++)
        printf("%s%.4f", i ? ", " : "",
               good ? took[bad + (good * of_thousand[i] + 999) / 1000 - 1] * 1e3 : 0.0);
    puts("]}");
    return 0;
}
