/* reply.c - reading a reply; see store.h. A reply is hiredis's, unseen. */
#include "sallyport/store.h"

#include <hiredis/hiredis.h>

static const redisReply *element(const struct sp_store_reply *reply,
				 size_t index)
{
	const redisReply *root = (const void *)reply;

	if (root == NULL)
		return NULL;
	if (root->type != REDIS_REPLY_ARRAY)
		return index == 0 ? root : NULL;
	return index < root->elements ? root->element[index] : NULL;
}

size_t sp_store_reply_count(const struct sp_store_reply *reply)
{
	const redisReply *root = (const void *)reply;

	if (root == NULL || root->type == REDIS_REPLY_NIL)
		return 0;
	return root->type == REDIS_REPLY_ARRAY ? root->elements : 1;
}

int64_t sp_store_reply_number(const struct sp_store_reply *reply, size_t index)
{
	const redisReply *one = element(reply, index);

	if (one == NULL || one->type != REDIS_REPLY_INTEGER)
		return 0;
	return one->integer;
}

const char *sp_store_reply_text(const struct sp_store_reply *reply,
				size_t index)
{
	const redisReply *one = element(reply, index);

	if (one == NULL || one->str == NULL ||
	    (one->type != REDIS_REPLY_STRING &&
	     one->type != REDIS_REPLY_STATUS))
		return "";
	return one->str;
}

const struct sp_store_reply *sp_store_reply_array(
	const struct sp_store_reply *reply, size_t index)
{
	const redisReply *root = (const void *)reply;
	const redisReply *one = element(reply, index);

	if (one == NULL || one == root || one->type != REDIS_REPLY_ARRAY)
		return NULL;
	return (const void *)one;
}

void sp_store_reply_free(struct sp_store_reply **reply)
{
	if (*reply != NULL)
		freeReplyObject(*reply);
	*reply = NULL;
}
