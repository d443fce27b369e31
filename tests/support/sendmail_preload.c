/*
 * What a Sendmail in a test is told otherwise than by the system, loaded before
 * its libraries (LD_PRELOAD). The program itself is Debian's, unchanged.
 *
 *   - Clients come from where they say. Sendmail has no XCLIENT; so a client that
 *     connects from 127.77.77.77, or over IPv6, first sends a line
 *     "ADDRESS PORT LOCAL\n", and accept(), getpeername() and getsockname()
 *     then speak of that: LOCAL is the address that it has connected to.
 *     With SENDMAIL_BELIEVES set nobody does, and all come from where they do.
 *   - The host's name is SENDMAIL_NAME: for a name without a dot Sendmail
 *     sleeps a minute.
 *   - No name or address is looked up: the machine may have no resolver.
 *   - What is logged goes to the file SENDMAIL_LOG: Sendmail knows syslog only.
 *   - SASL's configuration is read in the folder SENDMAIL_SASL: Sendmail drops
 *     the environment variable that would say so.
 *
 * The variables are read once, for Sendmail clears its environment.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	DESCRIPTORS = 1024,
	SAYS_WHENCE = 0x7f4d4d4d, /* 127.77.77.77 */
	SASL_PATH_TYPE_CONFIG = 1
};

struct told {
	struct sockaddr_storage address;
	socklen_t length; /* 0: nothing was told */
};

/* What the client of a descriptor says of both ends of its connection. Sendmail
 * has one thread in each process. */
static struct {
	struct told remote, local;
} whence[DESCRIPTORS];

static char host_name[256];
static char log_path[PATH_MAX];
static char sasl_path[PATH_MAX];
static char is_believed[2];

static void keep(const char *name, char *to, size_t size)
{
	const char *value = getenv(name);

	snprintf(to, size, "%s", value ? value : "");
}

static __attribute__((constructor)) void read_environment(void)
{
	keep("SENDMAIL_NAME", host_name, sizeof(host_name));
	keep("SENDMAIL_LOG", log_path, sizeof(log_path));
	keep("SENDMAIL_SASL", sasl_path, sizeof(sasl_path));
	keep("SENDMAIL_BELIEVES", is_believed, sizeof(is_believed));
}

/* ------------------------------------------------------------------- clients */

static bool says_whence(const struct sockaddr *address)
{
	const struct sockaddr_in *ipv4 = (const void *)address;

	return !is_believed[0] && (address->sa_family == AF_INET6 ||
				   ipv4->sin_addr.s_addr == htonl(SAYS_WHENCE));
}

static void read_line(int fd, char *line, size_t size)
{
	size_t length = 0;

	while (length + 1 < size && recv(fd, line + length, 1, 0) == 1 &&
	       line[length] != '\n')
		length++;
	line[length] = '\0';
}

/* `address` and its length, with what stands in `host` and `port` instead. */
static struct told tell(const struct sockaddr *address, socklen_t length,
			const char *host, const char *port)
{
	struct told told = { .length = length };
	struct sockaddr_in6 *ipv6 = (void *)&told.address;
	struct sockaddr_in *ipv4 = (void *)&told.address;
	void *bytes = &ipv4->sin_addr;

	memcpy(&told.address, address, length);
	if (address->sa_family == AF_INET6)
		bytes = &ipv6->sin6_addr;
	if (inet_pton(address->sa_family, host, bytes) != 1)
		told.length = 0;
	/* Both structures have the port in the same place. */
	ipv4->sin_port = htons((in_port_t)strtoul(port, NULL, 10));
	return told;
}

static void read_whence(int fd, struct sockaddr *address, socklen_t length)
{
	char line[256], *port, *local;

	read_line(fd, line, sizeof(line));
	port = strchr(line, ' ');
	local = port ? strchr(port + 1, ' ') : NULL;
	if (!local)
		return;
	*port++ = '\0';
	*local++ = '\0';
	whence[fd].remote = tell(address, length, line, port);
	whence[fd].local = tell(address, length, local, "25");
	if (whence[fd].remote.length)
		memcpy(address, &whence[fd].remote.address, length);
}

int accept(int listener, struct sockaddr *restrict address,
	   socklen_t *restrict length)
{
	int fd = accept4(listener, address, length, 0);

	if (fd < 0 || fd >= DESCRIPTORS)
		return fd;
	memset(&whence[fd], 0, sizeof(whence[fd]));
	if (says_whence(address))
		read_whence(fd, address, *length);
	return fd;
}

static int answer(const struct told *told, struct sockaddr *address,
		  socklen_t *length)
{
	if (*length > told->length)
		*length = told->length;
	memcpy(address, &told->address, *length);
	return 0;
}

int getpeername(int fd, struct sockaddr *restrict address,
		socklen_t *restrict length)
{
	int (*original)(int, struct sockaddr *, socklen_t *) =
		dlsym(RTLD_NEXT, "getpeername");

	if (fd >= 0 && fd < DESCRIPTORS && whence[fd].remote.length)
		return answer(&whence[fd].remote, address, length);
	return original(fd, address, length);
}

int getsockname(int fd, struct sockaddr *restrict address,
		socklen_t *restrict length)
{
	int (*original)(int, struct sockaddr *, socklen_t *) =
		dlsym(RTLD_NEXT, "getsockname");

	if (fd >= 0 && fd < DESCRIPTORS && whence[fd].local.length)
		return answer(&whence[fd].local, address, length);
	return original(fd, address, length);
}

/* --------------------------------------------------------------------- names */

int gethostname(char *name, size_t size)
{
	snprintf(name, size, "%s", host_name);
	return 0;
}

struct hostent *gethostbyaddr(const void *address, socklen_t length, int family)
{
	(void)address;
	(void)length;
	(void)family;
	h_errno = HOST_NOT_FOUND;
	return NULL;
}

/* An address that is taken for a name needs nobody to ask. */
struct hostent *gethostbyname2(const char *name, int family)
{
	struct hostent *(*original)(const char *, int) =
		dlsym(RTLD_NEXT, "gethostbyname2");
	struct in6_addr address;

	if (inet_pton(family, name, &address) == 1)
		return original(name, family);
	h_errno = HOST_NOT_FOUND;
	return NULL;
}

/* ------------------------------------------------------------------ the rest */

/* What syslog() is in a program that was built with _FORTIFY_SOURCE. */
void __syslog_chk(int priority, int flag, const char *format, ...);

void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list arguments;
	char line[4096];
	size_t length;
	int fd;

	(void)priority;
	(void)flag;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	length = strlen(line);
	line[length++] = '\n';
	fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return;
	if (write(fd, line, length) < 0)
		line[0] = '\0'; /* there is nobody to tell */
	close(fd);
}

int sasl_server_init(const void *callbacks, const char *program);

int sasl_server_init(const void *callbacks, const char *program)
{
	int (*set_path)(int, char *) = dlsym(RTLD_NEXT, "sasl_set_path");
	int (*original)(const void *, const char *) =
		dlsym(RTLD_NEXT, "sasl_server_init");

	if (sasl_path[0] && set_path)
		set_path(SASL_PATH_TYPE_CONFIG, sasl_path);
	return original(callbacks, program);
}
