/*
 * null-milter: what libmilter itself costs.
 *
 * It asks for the same steps and macros as src/milter/callbacks.c, answers
 * where sallyportd answers, adds one header and knows nothing. tests/bench/run
 * compares the two negotiations byte for byte, so they cannot drift apart.
 * With -a it is the classic null milter: every event, every reply, the MTA's
 * own macro lists.
 *
 *   null-milter [-a] ADDRESS       "unix:/path", "inet:port@host"; no return
 */
#include <libmilter/mfapi.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	THREAD_STACK_BYTES = 256 * 1024,
	BACKLOG = 1024
};

static const unsigned long few_steps =
	SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NOEOH | SMFIP_NR_CONN |
	SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_HDR | SMFIP_NR_BODY |
	SMFIP_RCPT_REJ | SMFIP_HDR_LEADSPC;

static const unsigned long few_actions =
	SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST;

static const struct {
	int stage;
	const char *names;
} few_macros[] = {
	{ SMFIM_CONNECT,
	  "j {daemon_addr} {daemon_port} {if_addr} {tls_version} "
	  "{sallyport_try}" },
	{ SMFIM_HELO, "" },
	{ SMFIM_ENVFROM, "i {auth_authen}" },
	{ SMFIM_ENVRCPT, "{rcpt_mailer} {rcpt_host} {rcpt_addr}" },
	{ SMFIM_DATA, "" },
	{ SMFIM_EOH, "" },
	{ SMFIM_EOM, "i" },
};

static bool answers_all; /* -a */

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions,
			     unsigned long steps, unsigned long unused_2,
			     unsigned long unused_3, unsigned long *actions_out,
			     unsigned long *steps_out,
			     unsigned long *unused_2_out,
			     unsigned long *unused_3_out)
{
	(void)unused_2;
	(void)unused_3;
	*unused_2_out = 0;
	*unused_3_out = 0;
	*actions_out = actions & few_actions;
	if (answers_all) {
		*steps_out = 0;
		return SMFIS_CONTINUE;
	}
	*steps_out = steps & few_steps;
	for (size_t i = 0; i < sizeof(few_macros) / sizeof(few_macros[0]); i++)
		(void)smfi_setsymlist(ctx, few_macros[i].stage,
				      (char *)(uintptr_t)few_macros[i].names);
	return SMFIS_CONTINUE;
}

static sfsistat say_nothing(void)
{
	return answers_all ? SMFIS_CONTINUE : SMFIS_NOREPLY;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	(void)ctx;
	(void)name;
	(void)address;
	return say_nothing();
}

static sfsistat on_helo(SMFICTX *ctx, char *helo)
{
	(void)ctx;
	(void)helo;
	return say_nothing();
}

static sfsistat on_mail(SMFICTX *ctx, char **arguments)
{
	(void)ctx;
	(void)arguments;
	return say_nothing();
}

static sfsistat on_recipient(SMFICTX *ctx, char **arguments)
{
	(void)ctx;
	(void)arguments;
	return SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return say_nothing();
}

static sfsistat on_end_of_headers(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t length)
{
	(void)ctx;
	(void)bytes;
	(void)length;
	return say_nothing();
}

static sfsistat on_end_of_message(SMFICTX *ctx)
{
	static char name[] = "X-Null-Verdict";
	static char value[] =
		"accept; score=0/10; id=01J00000000000000000000000";

	(void)smfi_insheader(ctx, 1, name, value);
	return SMFIS_CONTINUE;
}

static sfsistat on_end(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

/* As src/milter/server.c does: connections inherit it. */
static void set_nodelay(void)
{
	int yes = 1;

	for (int fd = 3; fd < 64; fd++) {
		int listens = 0;
		socklen_t size = sizeof(listens);

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens,
			       &size) == 0 &&
		    listens)
			(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes,
					 sizeof(yes));
	}
}

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void set_small_stacks(void)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
	pthread_setattr_default_np(&attributes);
	pthread_attr_destroy(&attributes);
}

static struct smfiDesc describe(void)
{
	static char filter_name[] = "null";
	struct smfiDesc filter = {
		.xxfi_name = filter_name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = few_actions,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_recipient,
		.xxfi_header = on_header,
		/* Without it libmilter would answer, and complain of that. */
		.xxfi_body = on_body,
		.xxfi_eom = on_end_of_message,
		.xxfi_abort = on_end,
		.xxfi_close = on_end,
		.xxfi_negotiate = on_negotiate,
	};

	if (answers_all) {
		filter.xxfi_data = on_end;
		filter.xxfi_eoh = on_end_of_headers;
	}
	return filter;
}

int main(int argc, char **argv)
{
	answers_all = argc > 2 && strcmp(argv[1], "-a") == 0;
	if (argc != 2 + answers_all) {
		fputs("usage: null-milter [-a] ADDRESS\n", stderr);
		return 2;
	}
	raise_file_limit();
	set_small_stacks();
	if (smfi_register(describe()) != MI_SUCCESS ||
	    smfi_setconn(argv[argc - 1]) != MI_SUCCESS ||
	    smfi_setbacklog(BACKLOG) != MI_SUCCESS ||
	    smfi_opensocket(true) != MI_SUCCESS) {
		fprintf(stderr, "null-milter: cannot listen on %s\n",
			argv[argc - 1]);
		return 1;
	}
	if (strncmp(argv[argc - 1], "inet", 4) == 0)
		set_nodelay();
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
