#include "far_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sallyport/clock.h"

enum {
	PACKET_MAX = 2048,
	PACKETS = 256 /* on their way; more are lost, as on any link */
};

struct packet {
	int64_t due_us;
	int to;
	ssize_t length;
	char bytes[PACKET_MAX];
};

struct far_link {
	int home, namespaces[2], tuns[2];
	int64_t delay_us;
	pthread_t carrier;
	atomic_bool is_over;
	struct packet packets[PACKETS]; /* a ring, in order of their times */
	unsigned first, count;
};

static void set_address(struct ifreq *request, const char *text)
{
	struct sockaddr_in address = { .sin_family = AF_INET };

	inet_pton(AF_INET, text, &address.sin_addr);
	memcpy(&request->ifr_addr, &address, sizeof(address));
}

static bool configure(const char *own, const char *peer)
{
	struct ifreq request = { .ifr_name = "far0" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_done;

	set_address(&request, own);
	is_done = ioctl(fd, SIOCSIFADDR, &request) == 0;
	set_address(&request, peer);
	is_done = is_done && ioctl(fd, SIOCSIFDSTADDR, &request) == 0;
	request.ifr_flags = IFF_UP | IFF_RUNNING | IFF_POINTOPOINT;
	is_done = is_done && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	close(fd);
	return is_done;
}

/* A namespace with one end of the link in it, which the thread is in then. */
static const char *make_end(struct far_link *link, int which, const char *own,
			    const char *peer)
{
	struct ifreq request = { .ifr_name = "far0",
				 .ifr_flags = IFF_TUN | IFF_NO_PI };

	if (unshare(CLONE_NEWNET) != 0)
		return "no network namespaces are allowed here";
	link->namespaces[which] =
		open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	link->tuns[which] =
		open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (link->tuns[which] < 0 ||
	    ioctl(link->tuns[which], TUNSETIFF, &request) != 0)
		return "/dev/net/tun cannot be used here";
	return configure(own, peer) ? NULL : "a TUN device cannot be set up";
}

static void take_packet(struct far_link *link, int from)
{
	struct packet *packet =
		&link->packets[(link->first + link->count) % PACKETS];

	if (link->count == PACKETS)
		return;
	packet->length =
		read(link->tuns[from], packet->bytes, sizeof(packet->bytes));
	if (packet->length <= 0)
		return;
	packet->to = link->tuns[1 - from];
	packet->due_us = sp_clock_mono_us() + link->delay_us;
	link->count++;
}

static void deliver(struct far_link *link)
{
	while (link->count > 0) {
		struct packet *packet = &link->packets[link->first];

		if (packet->due_us > sp_clock_mono_us())
			return;
		if (write(packet->to, packet->bytes, (size_t)packet->length) <
		    0)
			return;
		link->first = (link->first + 1) % PACKETS;
		link->count--;
	}
}

static void *carry(void *argument)
{
	struct far_link *link = argument;

	while (!link->is_over) {
		struct pollfd polled[2] = {
			{ .fd = link->tuns[0], .events = POLLIN },
			{ .fd = link->tuns[1], .events = POLLIN },
		};

		(void)poll(polled, 2, 1);
		for (int i = 0; i < 2; i++)
			if (polled[i].revents)
				take_packet(link, i);
		deliver(link);
	}
	return NULL;
}

static void close_all(struct far_link *link)
{
	const int fds[] = { link->home, link->namespaces[0],
			    link->namespaces[1], link->tuns[0], link->tuns[1] };

	for (int i = 0; i < 5; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(link);
}

struct far_link *far_link_open(int64_t delay_ms, const char **why_out)
{
	struct far_link *link = calloc(1, sizeof(*link));

	*link = (struct far_link){ .home = open("/proc/thread-self/ns/net",
						O_RDONLY | O_CLOEXEC),
				   .namespaces = { -1, -1 },
				   .tuns = { -1, -1 },
				   .delay_us = delay_ms * 1000 };
	*why_out = make_end(link, 0, FAR_SERVER, FAR_CLIENT);
	if (!*why_out)
		*why_out = make_end(link, 1, FAR_CLIENT, FAR_SERVER);
	(void)setns(link->home, CLONE_NEWNET);
	if (*why_out) {
		close_all(link);
		return NULL;
	}
	if (pthread_create(&link->carrier, NULL, carry, link) != 0)
		abort();
	return link;
}

void far_link_close(struct far_link **link)
{
	(*link)->is_over = true;
	pthread_join((*link)->carrier, NULL);
	close_all(*link);
	*link = NULL;
}

static void enter(int namespace)
{
	if (setns(namespace, CLONE_NEWNET) != 0)
		abort();
}

void far_link_enter_server(const struct far_link *link)
{
	enter(link->namespaces[0]);
}

void far_link_enter_client(const struct far_link *link)
{
	enter(link->namespaces[1]);
}

void far_link_leave(const struct far_link *link)
{
	enter(link->home);
}
