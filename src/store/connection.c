/* connection.c - see connection.h. */
#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dial.h"
#include "sallyport/clock.h"

/* The longest reply that we ask for is a list of 320 values. */
enum {
	REPLY_BYTES_MAX = 16 * 1024 * 1024
};

void sp_connection_init(struct sp_connection *connection)
{
	*connection = (struct sp_connection){ .fd = -1 };
}

void sp_connection_close(struct sp_connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
	if (connection->reader != NULL)
		redisReaderFree(connection->reader);
	connection->reader = NULL;
}

void sp_connection_note(struct sp_connection *connection, const char *text)
{
	size_t length = 0;

	/* No escapes: the log has its own. */
	for (; text[length] != '\0' && length + 1 < sizeof(connection->why);
	     length++) {
		bool is_printable = text[length] >= ' ' && text[length] <= '~';

		connection->why[length] =
			(char)(is_printable ? text[length] : '?');
	}
	connection->why[length] = '\0';
}

/* Close, and say why. */
static enum sp_err fail(struct sp_connection *connection, enum sp_err err,
			const char *text)
{
	sp_connection_note(connection, text);
	sp_connection_close(connection);
	return err;
}

static enum sp_err fail_system(struct sp_connection *connection,
			       enum sp_err err)
{
	char reason[64];

	if (err == SP_ERR_TIMEOUT)
		return fail(connection, err, "no answer in time");
	return fail(connection, err, strerror_r(errno, reason, sizeof(reason)));
}

bool sp_connection_is_usable(const struct sp_connection *connection)
{
	char byte;

	if (connection->fd < 0)
		return false;
	return recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* What goes out at once; a command that Redis has whole may be carried out,
 * whatever becomes of those behind it. */
struct parcel {
	char *bytes;
	size_t length;
	size_t first_length; /* of its first command */
};

static enum sp_err send_all(struct sp_connection *connection,
			    const struct parcel *parcel, int64_t deadline_ms)
{
	size_t done = 0;

	while (done < parcel->length) {
		ssize_t count = send(connection->fd, parcel->bytes + done,
				     parcel->length - done, MSG_NOSIGNAL);
		enum sp_err err;

		if (count >= 0) {
			done += (size_t)count;
			connection->is_sent = done >= parcel->first_length;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return fail_system(connection, SP_ERR_IO);
		err = sp_wait_ready(connection->fd, POLLOUT, deadline_ms);
		if (err != SP_OK)
			return fail_system(connection, err);
	}
	return SP_OK;
}

static enum sp_err add_command(struct parcel *parcel,
			       const struct sp_command *command)
{
	const char *texts[SP_COMMAND_WORDS_MAX];
	size_t lengths[SP_COMMAND_WORDS_MAX];
	char *formatted = NULL, *longer;
	long long length; /* int in hiredis 0.14 */

	for (size_t i = 0; i < command->count; i++) {
		texts[i] = command->words[i].bytes;
		lengths[i] = command->words[i].length;
	}
	length = redisFormatCommandArgv(&formatted, (int)command->count, texts,
					lengths);
	if (length < 0)
		return SP_ERR_NO_MEMORY;
	longer = realloc(parcel->bytes, parcel->length + (size_t)length);
	if (longer != NULL) {
		memcpy(longer + parcel->length, formatted, (size_t)length);
		parcel->bytes = longer;
		parcel->length += (size_t)length;
	}
	redisFreeCommand(formatted);
	return longer == NULL ? SP_ERR_NO_MEMORY : SP_OK;
}

static enum sp_err send_commands(struct sp_connection *connection,
				 const struct sp_command *commands,
				 size_t count, int64_t deadline_ms)
{
	struct parcel parcel = { .bytes = NULL };
	enum sp_err err = SP_OK;

	for (size_t i = 0; i < count && err == SP_OK; i++) {
		err = add_command(&parcel, &commands[i]);
		if (i == 0)
			parcel.first_length = parcel.length;
	}
	if (err == SP_OK)
		err = send_all(connection, &parcel, deadline_ms);
	free(parcel.bytes);
	return err;
}

/* One read. SP_OK with nothing read is possible. */
static enum sp_err feed(struct sp_connection *connection, int64_t deadline_ms,
			size_t *total_bytes)
{
	char bytes[4096];
	ssize_t count;
	enum sp_err err;

	err = sp_wait_ready(connection->fd, POLLIN, deadline_ms);
	if (err != SP_OK)
		return fail_system(connection, err);
	count = recv(connection->fd, bytes, sizeof(bytes), 0);
	if (count == 0)
		return fail(connection, SP_ERR_IO,
			    "the server closed the connection");
	if (count < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return SP_OK;
		return fail_system(connection, SP_ERR_IO);
	}
	*total_bytes += (size_t)count;
	if (*total_bytes > REPLY_BYTES_MAX)
		return fail(connection, SP_ERR_PROTOCOL, "an endless reply");
	if (redisReaderFeed(connection->reader, bytes, (size_t)count) !=
	    REDIS_OK)
		return fail(connection, SP_ERR_NO_MEMORY, "no memory");
	return SP_OK;
}

static enum sp_err receive(struct sp_connection *connection,
			   int64_t deadline_ms, size_t *total_bytes,
			   redisReply **reply_out)
{
	void *reply = NULL;

	for (;;) {
		enum sp_err err;

		if (redisReaderGetReply(connection->reader, &reply) != REDIS_OK)
			return fail(connection, SP_ERR_PROTOCOL,
				    "what answers there does not speak Redis");
		if (reply != NULL)
			break;
		err = feed(connection, deadline_ms, total_bytes);
		if (err != SP_OK)
			return err;
	}
	*reply_out = reply;
	return SP_OK;
}

static enum sp_err receive_all(struct sp_connection *connection, size_t count,
			       int64_t deadline_ms, redisReply **replies_out)
{
	size_t total_bytes = 0;
	enum sp_err err = SP_OK;

	for (size_t i = 0; i < count && err == SP_OK; i++)
		err = receive(connection, deadline_ms, &total_bytes,
			      &replies_out[i]);
	/* As many answers as questions: more is somebody else's. */
	if (err == SP_OK && connection->reader->pos < connection->reader->len)
		err = fail(connection, SP_ERR_PROTOCOL, "an unasked reply");
	for (size_t i = 0; i < count && err != SP_OK; i++) {
		if (replies_out[i] != NULL)
			freeReplyObject(replies_out[i]);
		replies_out[i] = NULL;
	}
	return err;
}

static bool is_too_long(const struct sp_command *commands, size_t count)
{
	if (count == 0 || count > SP_STORE_CALLS_MAX)
		return true;
	for (size_t i = 0; i < count; i++)
		if (commands[i].count == 0 ||
		    commands[i].count > SP_COMMAND_WORDS_MAX)
			return true;
	return false;
}

enum sp_err sp_connection_ask(struct sp_connection *connection,
			      const struct sp_command *commands, size_t count,
			      int64_t deadline_ms, redisReply **replies_out)
{
	enum sp_err err;

	for (size_t i = 0; i < count; i++)
		replies_out[i] = NULL;
	connection->is_sent = false;
	if (is_too_long(commands, count))
		return SP_ERR_TOO_LONG;
	err = send_commands(connection, commands, count, deadline_ms);
	if (err != SP_OK)
		return err;
	return receive_all(connection, count, deadline_ms, replies_out);
}

static struct sp_store_bytes word(const char *text)
{
	return (struct sp_store_bytes){ text, strlen(text) };
}

/* One step of the login: anything but a plain yes is `refusal`. */
static enum sp_err log_in_step(struct sp_connection *connection,
			       const struct sp_store_bytes *words, size_t count,
			       int64_t deadline_ms, enum sp_err refusal)
{
	redisReply *reply;
	enum sp_err err;

	err = sp_connection_ask(connection,
				&(struct sp_command){ words, count }, 1,
				deadline_ms, &reply);
	if (err != SP_OK)
		return err;
	if (reply->type != REDIS_REPLY_STATUS)
		err = fail(connection, refusal,
			   reply->type == REDIS_REPLY_ERROR
				   ? reply->str
				   : "a strange reply to the login");
	freeReplyObject(reply);
	return err;
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

static enum sp_err log_in(struct sp_connection *connection,
			  const struct sp_login *login, int64_t deadline_ms)
{
	struct sp_store_bytes words[3];
	char database[16];
	size_t count = 0;
	int64_t step_ms = sp_clock_mono_ms() + login->timeout_ms;
	enum sp_err err = SP_OK;

	if (login->password[0] != '\0') {
		words[count++] = word("AUTH");
		if (login->user[0] != '\0')
			words[count++] = word(login->user);
		words[count++] = word(login->password);
		err = log_in_step(connection, words, count,
				  earlier(step_ms, deadline_ms), SP_ERR_DENIED);
	}
	if (err != SP_OK || login->database == 0)
		return err;
	snprintf(database, sizeof(database), "%u", login->database);
	words[0] = word("SELECT");
	words[1] = word(database);
	step_ms = sp_clock_mono_ms() + login->timeout_ms;
	return log_in_step(connection, words, 2, earlier(step_ms, deadline_ms),
			   SP_ERR_PROTOCOL);
}

enum sp_err sp_connection_open(struct sp_connection *connection,
			       struct sp_dialer *dialer,
			       const struct sp_login *login,
			       int64_t connect_deadline_ms, int64_t deadline_ms)
{
	enum sp_err err;

	sp_connection_close(connection);
	connection->is_sent = false;
	err = sp_dial(dialer, earlier(connect_deadline_ms, deadline_ms),
		      &connection->fd);
	if (err == SP_ERR_NOT_FOUND)
		return fail(connection, err, "no such host");
	if (err != SP_OK)
		return fail_system(connection, err);
	connection->reader = redisReaderCreate();
	if (connection->reader == NULL)
		return fail(connection, SP_ERR_NO_MEMORY, "no memory");
	return log_in(connection, login, deadline_ms);
}
