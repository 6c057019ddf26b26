/* Takes everything, at memory speed: the end of the line that is measured.
 *
 * sink PORT      listens on loopback until it is killed
 * NOOP           answers "250 MESSAGES OCTETS SUM": what arrived, in wire form without final dots
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE = 4096, BLOCK = 1 << 20, EVENTS = 64 };
static const char END[] = "\r\n.\r\n";
static const char GREETING[] = "220 sink.example ESMTP\r\n";
static const char OFFER[] = "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
                            "250-SMTPUTF8\r\n250-DSN\r\n250 SIZE 200000000\r\n";

struct client {
    int fd;
    int in_data;
    int matched; /* octets of END seen so far */
    size_t used; /* octets of an unfinished command line */
    char line[LINE];
};

static char block[BLOCK];
static uint64_t messages, octets, sum;

static void say(struct client *c, const char *text)
{
    if (send(c->fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        perror("sink: send");
}

static uint64_t add_up(const unsigned char *p, size_t n)
{
    uint64_t total = 0;
    while (n > 0) {
        size_t part = n < 65536 ? n : 65536; /* fits 32 bits, so the compiler vectorises */
        uint32_t some = 0;
        for (size_t i = 0; i < part; i++)
            some += p[i];
        total += some;
        p += part;
        n -= part;
    }
    return total;
}

/* Return how many octets of the block belong to the message; *done tells whether it ends there. */
static size_t content(struct client *c, const char *p, size_t n, int *done)
{
    size_t i = 0;
    for (; i < n && c->matched > 0 && c->matched < 5; i++)
        c->matched = p[i] == END[c->matched] ? c->matched + 1 : p[i] == '\r';
    if (c->matched == 5) {
        *done = 1;
        return i;
    }
    const char *end = memmem(p + i, n - i, END, 5);
    if (end) {
        *done = 1;
        return (size_t)(end - p) + 5;
    }
    for (size_t j = n - i < 4 ? i : n - 4; j < n; j++)
        c->matched = p[j] == END[c->matched] ? c->matched + 1 : p[j] == '\r';
    return n;
}

/* Obey one command; return 0 when the client is gone. */
static int obey(struct client *c)
{
    char reply[96];
    if (!strncasecmp(c->line, "EHLO", 4)) {
        say(c, OFFER);
    } else if (!strncasecmp(c->line, "DATA", 4)) {
        c->in_data = 1;
        c->matched = 2;
        say(c, "354 go\r\n");
    } else if (!strncasecmp(c->line, "NOOP", 4)) {
        snprintf(reply, sizeof reply, "250 %llu %llu %llu\r\n", (unsigned long long)messages,
                 (unsigned long long)octets, (unsigned long long)sum);
        say(c, reply);
    } else if (!strncasecmp(c->line, "QUIT", 4)) {
        say(c, "221 2.0.0 bye\r\n");
        return 0;
    } else {
        say(c, "250 2.0.0 Ok\r\n");
    }
    return 1;
}

static int commands(struct client *c, const char **p, const char *end)
{
    const char *eol = memchr(*p, '\n', (size_t)(end - *p));
    size_t n = (size_t)((eol ? eol + 1 : end) - *p);
    if (c->used + n >= LINE)
        return 0;
    memcpy(c->line + c->used, *p, n);
    c->used += n;
    *p += n;
    if (!eol)
        return 1;
    c->line[c->used] = 0;
    c->used = 0;
    return obey(c);
}

/* Take what is there; return 0 when the client is gone. */
static int serve(struct client *c)
{
    ssize_t got = recv(c->fd, block, sizeof block, 0);
    const char *p = block, *end = block + (got > 0 ? got : 0);
    if (got <= 0)
        return 0;
    while (p < end) {
        int done = 0;
        if (!c->in_data) {
            if (!commands(c, &p, end))
                return 0;
            continue;
        }
        size_t n = content(c, p, (size_t)(end - p), &done);
        octets += n;
        sum += add_up((const unsigned char *)p, n);
        p += n;
        if (done) {
            octets -= 3; /* the final dot is no content */
            sum -= '.' + '\r' + '\n';
            messages++;
            c->in_data = 0;
            say(c, "250 2.0.0 Ok: taken\r\n");
        }
    }
    return 1;
}

int main(int argc, char **argv)
{
    int one = 1, door = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    struct sockaddr_in here = {.sin_family = AF_INET};
    struct epoll_event wish = {.events = EPOLLIN}, ready[EVENTS];

    signal(SIGPIPE, SIG_IGN);
    here.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(door, (struct sockaddr *)&here, sizeof here) || listen(door, 512)) {
        perror("sink: cannot listen");
        return 1;
    }
    wish.data.ptr = NULL;
    epoll_ctl(poll, EPOLL_CTL_ADD, door, &wish);
    for (;;) {
        int count = epoll_wait(poll, ready, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            struct client *c = ready[i].data.ptr;
            if (c && !serve(c)) {
                close(c->fd);
                free(c);
            } else if (!c && (c = calloc(1, sizeof *c))) {
                c->fd = accept(door, NULL, NULL);
                setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                wish.data.ptr = c;
                epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &wish);
                say(c, GREETING);
            }
        }
    }
}
