#include "diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* What the kernel puts into one datagram of an answer. */
	ANSWER_BYTES = 8192,
	/* A search is answered in parts. The kernel sends only what matches,
	 * so this is never reached but by a fault. */
	PARTS_MAX = 1000
};

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 about;
};

/* What is collected of an answer. */
struct finding {
	const struct sp_sock_ends *asked;
	struct sp_diag_socket *socket_out;
	bool is_search;
	unsigned count;
	int error;
	bool is_over;
};

static int family_of(const struct sp_ip *ip)
{
	return ip->family == SP_IP_6 ? AF_INET6 : AF_INET;
}

/* The kernel's words for addresses are in network order, as ours. */
static void write_address(const struct sp_ip *ip, __be32 address_out[4])
{
	memset(address_out, 0, 16);
	memcpy(address_out, ip->bytes, ip->family == SP_IP_6 ? 16 : 4);
}

static void read_address(int family, const __be32 address[4],
			 struct sp_ip *ip_out)
{
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in ipv4 = { .sin_family = AF_INET };

	/* This way for what it does with ::ffff:192.0.2.1. */
	memcpy(&ipv6.sin6_addr, address, sizeof(ipv6.sin6_addr));
	memcpy(&ipv4.sin_addr, address, sizeof(ipv4.sin_addr));
	sp_ip_from_sockaddr(family == AF_INET6 ? (struct sockaddr *)&ipv6
					       : (struct sockaddr *)&ipv4,
			    ip_out, NULL);
}

static void read_counts(const void *attribute, size_t length,
			struct sp_diag_socket *socket)
{
	struct tcp_info info;
	size_t needed = offsetof(struct tcp_info, tcpi_bytes_sent) +
			sizeof(info.tcpi_bytes_sent);

	if (length < needed)
		return;
	memcpy(&info, attribute, needed);
	socket->has_counts = true;
	socket->received_bytes = info.tcpi_bytes_received;
	socket->sent_bytes = info.tcpi_bytes_sent;
	socket->rtt_us = info.tcpi_rtt;
}

static void read_attributes(const char *at, size_t length,
			    struct sp_diag_socket *socket)
{
	struct rtattr head;

	while (length >= sizeof(head)) {
		memcpy(&head, at, sizeof(head));
		if (head.rta_len < sizeof(head) || head.rta_len > length)
			return;
		if (head.rta_type == INET_DIAG_INFO)
			read_counts(at + sizeof(head),
				    head.rta_len - sizeof(head), socket);
		if (RTA_ALIGN(head.rta_len) >= length)
			return;
		at += RTA_ALIGN(head.rta_len);
		length -= RTA_ALIGN(head.rta_len);
	}
}

static bool read_socket(const char *payload, size_t length,
			struct sp_diag_socket *socket_out)
{
	struct inet_diag_msg message;

	if (length < sizeof(message))
		return false;
	memcpy(&message, payload, sizeof(message));
	*socket_out = (struct sp_diag_socket){
		.ends = { .own_port = ntohs(message.id.idiag_sport),
			  .peer_port = ntohs(message.id.idiag_dport) },
		.state = message.idiag_state,
		.uid = message.idiag_uid,
		.inode = message.idiag_inode,
		.cookie = (uint64_t)message.id.idiag_cookie[1] << 32 |
			  message.id.idiag_cookie[0],
	};
	read_address(message.idiag_family, message.id.idiag_src,
		     &socket_out->ends.own);
	read_address(message.idiag_family, message.id.idiag_dst,
		     &socket_out->ends.peer);
	read_attributes(payload + sizeof(message), length - sizeof(message),
			socket_out);
	return true;
}

/* An exact question is answered with the listening socket when the connection
 * has gone; a search does not look at addresses. */
static bool is_asked_for(const struct finding *finding,
			 const struct sp_sock_ends *ends)
{
	const struct sp_sock_ends *asked = finding->asked;

	return ends->own_port == asked->own_port &&
	       ends->peer_port == asked->peer_port &&
	       sp_ip_equals(&ends->peer, &asked->peer) &&
	       (finding->is_search || sp_ip_equals(&ends->own, &asked->own));
}

static void take_message(struct finding *finding, const struct nlmsghdr *head,
			 const char *payload)
{
	size_t length = head->nlmsg_len - NLMSG_HDRLEN;
	struct sp_diag_socket socket;
	struct nlmsgerr error;

	if (head->nlmsg_type == NLMSG_ERROR && length >= sizeof(error.error)) {
		memcpy(&error.error, payload, sizeof(error.error));
		finding->error = -error.error;
	}
	if (head->nlmsg_type == NLMSG_ERROR || head->nlmsg_type == NLMSG_DONE)
		finding->is_over = true;
	if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    !read_socket(payload, length, &socket) ||
	    socket.state == SP_DIAG_LISTEN ||
	    !is_asked_for(finding, &socket.ends))
		return;
	finding->count++;
	*finding->socket_out = socket;
}

static void take_part(struct finding *finding, const char *bytes, size_t length)
{
	struct nlmsghdr head;

	while (length >= sizeof(head) && !finding->is_over) {
		memcpy(&head, bytes, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > length)
			return;
		take_message(finding, &head, bytes + NLMSG_HDRLEN);
		/* The answer to an exact question is one message. */
		if (!finding->is_search)
			finding->is_over = true;
		if (NLMSG_ALIGN(head.nlmsg_len) >= length)
			return;
		bytes += NLMSG_ALIGN(head.nlmsg_len);
		length -= NLMSG_ALIGN(head.nlmsg_len);
	}
}

static int exchange(int fd, const struct question *question,
		    struct finding *finding)
{
	if (send(fd, question, sizeof(*question), 0) !=
	    (ssize_t)sizeof(*question))
		return errno;
	for (int part = 0; part < PARTS_MAX && !finding->is_over; part++) {
		char bytes[ANSWER_BYTES];
		ssize_t length = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (length < 0)
			return errno == EAGAIN ? EPROTO : errno;
		take_part(finding, bytes, (size_t)length);
	}
	return finding->is_over ? finding->error : EPROTO;
}

static int ask(const struct question *question, struct finding *finding)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int error;

	if (fd < 0)
		return errno;
	error = exchange(fd, question, finding);
	close(fd);
	if (error)
		return error;
	if (finding->count > 1)
		return ENOTUNIQ;
	return finding->count == 1 ? 0 : ENOENT;
}

static void word_question(const struct sp_sock_ends *ends, int family,
			  struct question *question_out)
{
	*question_out = (struct question){
		.head = { .nlmsg_len = sizeof(*question_out),
			  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			  .nlmsg_flags = NLM_F_REQUEST },
		.about = { .sdiag_family = (uint8_t)family,
			   .sdiag_protocol = IPPROTO_TCP,
			   .idiag_ext = 1 << (INET_DIAG_INFO - 1),
			   .idiag_states = 1U << SP_DIAG_ESTABLISHED |
					   1U << SP_DIAG_CLOSE_WAIT,
			   .id = { .idiag_sport = htons(ends->own_port),
				   .idiag_dport = htons(ends->peer_port),
				   .idiag_cookie = { INET_DIAG_NOCOOKIE,
						     INET_DIAG_NOCOOKIE } } },
	};
	write_address(&ends->own, question_out->about.id.idiag_src);
	write_address(&ends->peer, question_out->about.id.idiag_dst);
}

int sp_diag_get(const struct sp_sock_ends *ends,
		struct sp_diag_socket *socket_out)
{
	struct sp_diag_socket found;
	struct finding finding = { .asked = ends, .socket_out = &found };
	struct question question;
	int error;

	/* Not told, or of two families: there is none. */
	if (ends->own.family != ends->peer.family ||
	    ends->own.family == SP_IP_NONE)
		return ENOENT;
	/* IPv4 finds IPv6 sockets with an IPv4 peer too. */
	word_question(ends, family_of(&ends->peer), &question);
	error = ask(&question, &finding);
	if (error == 0)
		*socket_out = found;
	return error;
}

int sp_diag_search(const struct sp_sock_ends *ends,
		   struct sp_diag_socket *socket_out)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct sp_diag_socket found;
	int error = ENOENT;

	/* With port 0 the kernel would show all of them. */
	if (ends->peer.family == SP_IP_NONE || ends->own_port == 0 ||
	    ends->peer_port == 0)
		return ENOENT;
	/* Here, unlike above, each family has sockets of its own only. */
	for (int i = 0; i < 2 && error == ENOENT; i++) {
		struct finding finding = { .asked = ends,
					   .socket_out = &found,
					   .is_search = true };
		struct question question;

		word_question(ends, families[i], &question);
		question.head.nlmsg_flags |= NLM_F_DUMP;
		error = ask(&question, &finding);
	}
	if (error == 0)
		*socket_out = found;
	return error;
}
