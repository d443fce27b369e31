/* Who is behind a local connection, and what is said where the kernel does not
 * tell. Children play the other user, the nobody and the prisoner. */
#include "sallyport/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/tcp_pair.h"

enum {
	OTHER_UID = 71023,
	NOBODY_UID = 65534,
	CANNOT = 77 /* an exit status: this machine does not allow it */
};

/* ------------------------------------------------- who is behind it */

/* A client of another user: what it does is told to it letter by letter. */
struct other {
	pid_t pid;
	int tell, hear;
	struct tcp_pair pair; /* its client is the child's, -1 here */
};

static bool become(uid_t uid)
{
	return setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0;
}

static void obey(struct tcp_pair *pair, int hear, int answer)
{
	char order;

	while (read(hear, &order, 1) == 1) {
		if (order == 'h')
			shutdown(pair->client, SHUT_WR);
		if (order == 'c')
			close(pair->client);
		if (order == 's' && send(pair->client, "hello", 5, 0) != 5)
			_exit(1);
		if (write(answer, &order, 1) != 1)
			break;
	}
	_exit(0);
}

/* Connects as that user to the listener of `host`. */
static void play_other(uid_t uid, const struct tcp_pair *host, int hear,
		       int answer)
{
	struct sockaddr_storage to;
	socklen_t length = sizeof(to);
	struct tcp_pair pair = { -1, -1, -1, { .own_port = 0 } };

	if (geteuid() == 0 && !become(uid))
		_exit(1);
	getsockname(host->server, (struct sockaddr *)&to, &length);
	pair.client = socket(to.ss_family, SOCK_STREAM, 0);
	if (connect(pair.client, (struct sockaddr *)&to, length) != 0)
		_exit(1);
	obey(&pair, hear, answer);
}

static void take_ends(struct tcp_pair *pair)
{
	struct sockaddr_storage own, peer;
	socklen_t length = sizeof(own);

	getsockname(pair->server, (struct sockaddr *)&own, &length);
	length = sizeof(peer);
	getpeername(pair->server, (struct sockaddr *)&peer, &length);
	sp_ip_from_sockaddr((struct sockaddr *)&own, &pair->ends.own,
			    &pair->ends.own_port);
	sp_ip_from_sockaddr((struct sockaddr *)&peer, &pair->ends.peer,
			    &pair->ends.peer_port);
}

static void begin_other(uid_t uid, const struct tcp_pair *host,
			struct other *other)
{
	int orders[2], answers[2];

	assert_int_equal(pipe(orders), 0);
	assert_int_equal(pipe(answers), 0);
	other->pid = fork();
	if (other->pid == 0) {
		close(orders[1]);
		close(answers[0]);
		play_other(uid, host, orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	other->tell = orders[1];
	other->hear = answers[0];
	other->pair = (struct tcp_pair){ -1, -1, -1, { .own_port = 0 } };
	other->pair.server = accept(host->listener, NULL, NULL);
	assert_true(other->pair.server >= 0);
	take_ends(&other->pair);
}

static void order(struct other *other, char what)
{
	char answer = 0;

	assert_int_equal(write(other->tell, &what, 1), 1);
	assert_int_equal(read(other->hear, &answer, 1), 1);
}

static void end_other(struct other *other)
{
	int status;

	close(other->tell);
	close(other->hear);
	assert_int_equal(waitpid(other->pid, &status, 0), other->pid);
	assert_int_equal(status, 0);
	tcp_pair_close(&other->pair);
}

static const struct {
	const char *sentence;
	const char *orders;
	enum sp_sock_owner_kind kind;
} rows[] = {
	{ "a client that waits", "", SP_SOCK_OWNER_KNOWN },
	{ "a client that talks", "s", SP_SOCK_OWNER_KNOWN },
	{ "one that closed its half still has the socket", "sh",
	  SP_SOCK_OWNER_KNOWN },
	{ "one that said everything and left is not root", "sc",
	  SP_SOCK_OWNER_CLOSED },
	{ "nor is one that left without a word", "c", SP_SOCK_OWNER_CLOSED },
};

static size_t check_owners(const struct tcp_pair *host, uid_t uid,
			   const char *where)
{
	size_t failed = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct other other;
		struct sp_sock_owner owner;
		uid_t expected = rows[i].kind == SP_SOCK_OWNER_KNOWN ? uid : 0;

		begin_other(uid, host, &other);
		for (const char *c = rows[i].orders; *c; c++)
			order(&other, *c);
		sp_sock_owner(&other.pair.ends, &owner);
		if (owner.kind != rows[i].kind || owner.uid != expected ||
		    owner.error != 0) {
			print_error("%s: %s: kind %d uid %u error %d\n", where,
				    rows[i].sentence, owner.kind, owner.uid,
				    owner.error);
			failed++;
		}
		end_other(&other);
	}
	return failed;
}

static void check_owners_everywhere(uid_t uid)
{
	struct tcp_pair host;
	size_t failed = 0;

	for (enum tcp_kind kind = 0; kind < TCP_KINDS; kind++) {
		assert_true(tcp_pair_open(kind, &host));
		failed += check_owners(&host, uid, tcp_kind_name(kind));
		tcp_pair_close(&host);
	}
	assert_true(tcp_pair_open_between("127.0.0.9", 0, "127.0.0.5", &host));
	failed += check_owners(&host, uid, "an address of our own");
	tcp_pair_close(&host);
	assert_int_equal(failed, 0);
}

static void test_a_process_of_our_user_is_known(void **state)
{
	(void)state;
	check_owners_everywhere(geteuid() == 0 ? 0 : geteuid());
}

static void test_a_process_of_another_user_is_known(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can become another user\n");
		skip();
	}
	check_owners_everywhere(OTHER_UID);
}

/* A connection that the kernel believes in, though its peer never was: what a
 * client on another machine looks like from here. */
static int make_remote(struct sp_sock_ends *ends_out)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	struct sockaddr_in peer = { .sin_family = AF_INET,
				    .sin_port = htons(4321) };
	struct tcp_pair pair = { -1, -1, -1, { .own_port = 0 } };
	int yes = 1;

	inet_pton(AF_INET, "127.0.0.1", &own.sin_addr);
	inet_pton(AF_INET, "127.0.0.99", &peer.sin_addr);
	pair.server = socket(AF_INET, SOCK_STREAM, 0);
	if (setsockopt(pair.server, IPPROTO_TCP, TCP_REPAIR, &yes,
		       sizeof(yes)) != 0) {
		close(pair.server);
		return -1;
	}
	assert_int_equal(
		bind(pair.server, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(
		connect(pair.server, (struct sockaddr *)&peer, sizeof(peer)),
		0);
	take_ends(&pair);
	*ends_out = pair.ends;
	return pair.server;
}

static void test_a_client_elsewhere_is_remote(void **state)
{
	struct sp_sock_ends ends;
	struct sp_sock_owner owner;
	int fd = make_remote(&ends);

	(void)state;
	if (fd < 0) {
		print_message("skipped: TCP_REPAIR is not allowed\n");
		skip();
	}
	sp_sock_owner(&ends, &owner);
	close(fd);
	assert_int_equal(owner.kind, SP_SOCK_OWNER_REMOTE);
	assert_int_equal(owner.uid, 0);
	assert_int_equal(owner.error, 0);
}

/* Wrong addresses, as with PROXY and XCLIENT: it may be anybody. */
static void test_a_connection_that_is_not_seen_has_no_owner(void **state)
{
	struct tcp_pair pair;
	struct sp_sock_owner owner;

	(void)state;
	assert_true(tcp_pair_open(TCP_IPV4, &pair));
	pair.ends.own_port ^= 1;
	sp_sock_owner(&pair.ends, &owner);
	assert_int_equal(owner.kind, SP_SOCK_OWNER_UNSEEN);
	assert_int_equal(owner.uid, 0);
	tcp_pair_close(&pair);
}

/* ------------------------------------- where the kernel does not tell */

struct prison {
	const struct tcp_pair *pair;
	bool (*enter)(void);
	enum sp_sock_result result;
	int error;
	enum sp_sock_owner_kind owner;
	enum sp_sock_use use;
};

static bool be_nobody(void)
{
	return geteuid() != 0 || become(NOBODY_UID);
}

static bool use_up_descriptors(void)
{
	const struct rlimit none = { 3, 3 };

	return setrlimit(RLIMIT_NOFILE, &none) == 0;
}

/* What systemd's RestrictAddressFamilies= does. */
static bool forbid_netlink(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Nothing is in it, and its loopback is down. */
static bool enter_empty_network(void)
{
	return unshare(geteuid() == 0 ? CLONE_NEWNET
				      : CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

static int look_from(const struct prison *prison)
{
	struct sp_sock_look look;
	struct sp_sock_owner owner;
	enum sp_sock_use use;
	int error = 0;

	if (!prison->enter())
		return CANNOT;
	sp_sock_look(&prison->pair->ends, &look);
	sp_sock_owner(&prison->pair->ends, &owner);
	use = sp_sock_probe(&error);
	if (look.result == prison->result && look.error == prison->error &&
	    owner.kind == prison->owner && owner.error == prison->error &&
	    use == prison->use)
		return 0;
	print_error("result %d error %d, owner %d error %d, use %d (%s) error "
		    "%d\n",
		    look.result, look.error, owner.kind, owner.error, use,
		    sp_sock_use_text(use), error);
	return 1;
}

static void check_prison(struct prison prison)
{
	struct tcp_pair pair;
	int status = 0;
	pid_t pid;

	assert_true(tcp_pair_open(TCP_IPV4, &pair));
	prison.pair = &pair;
	pid = fork();
	if (pid == 0)
		_exit(look_from(&prison));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	tcp_pair_close(&pair);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT) {
		print_message("skipped: this machine does not allow it\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_it_works_here(void **state)
{
	int error = -1;

	(void)state;
	assert_int_equal(sp_sock_probe(&error), SP_SOCK_WORKS);
	assert_int_equal(error, 0);
}

static void test_nobody_may_look(void **state)
{
	(void)state;
	check_prison((struct prison){ .enter = be_nobody,
				      .result = SP_SOCK_FOUND,
				      .owner = SP_SOCK_OWNER_KNOWN,
				      .use = SP_SOCK_WORKS });
}

static void test_without_netlink_it_says_so(void **state)
{
	(void)state;
	check_prison((struct prison){ .enter = forbid_netlink,
				      .result = SP_SOCK_UNAVAILABLE,
				      .error = EAFNOSUPPORT,
				      .owner = SP_SOCK_OWNER_UNAVAILABLE,
				      .use = SP_SOCK_NO_NETLINK });
}

static void test_out_of_descriptors_it_says_so(void **state)
{
	(void)state;
	check_prison((struct prison){ .enter = use_up_descriptors,
				      .result = SP_SOCK_UNAVAILABLE,
				      .error = EMFILE,
				      .owner = SP_SOCK_OWNER_UNAVAILABLE,
				      .use = SP_SOCK_NO_NETLINK });
}

static void test_another_namespace_sees_nothing(void **state)
{
	(void)state;
	check_prison((struct prison){ .enter = enter_empty_network,
				      .result = SP_SOCK_GONE,
				      .owner = SP_SOCK_OWNER_UNSEEN,
				      .use = SP_SOCK_NO_LOOPBACK });
}

static void test_each_use_has_its_own_words(void **state)
{
	(void)state;
	for (enum sp_sock_use a = SP_SOCK_WORKS; a <= SP_SOCK_NO_LOOPBACK; a++)
		for (enum sp_sock_use b = SP_SOCK_WORKS; b < a; b++)
			assert_string_not_equal(sp_sock_use_text(a),
						sp_sock_use_text(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_process_of_our_user_is_known),
		cmocka_unit_test(test_a_process_of_another_user_is_known),
		cmocka_unit_test(test_a_client_elsewhere_is_remote),
		cmocka_unit_test(
			test_a_connection_that_is_not_seen_has_no_owner),
		cmocka_unit_test(test_it_works_here),
		cmocka_unit_test(test_nobody_may_look),
		cmocka_unit_test(test_without_netlink_it_says_so),
		cmocka_unit_test(test_out_of_descriptors_it_says_so),
		cmocka_unit_test(test_another_namespace_sees_nothing),
		cmocka_unit_test(test_each_use_has_its_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
