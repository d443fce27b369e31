#include "call.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/text.h"

json_t *sp_json_text(const char *text)
{
	json_t *string = json_string(text);
	char bytes[2048];
	struct sp_text safe;

	if (string != NULL)
		return string;
	sp_text_init(&safe, bytes, sizeof(bytes));
	sp_text_add_safe(&safe, text, strlen(text), NULL);
	return json_string(bytes);
}

void sp_reply_json(struct sp_http_reply *reply, unsigned status, json_t *object)
{
	char *bytes = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);

	json_decref(object);
	reply->status = bytes != NULL ? status : 500;
	reply->type = "application/json";
	reply->bytes = bytes != NULL ? bytes : "{}";
	reply->length = strlen(reply->bytes);
	reply->is_ours_to_free = bytes != NULL;
}

void sp_reply_error(struct sp_http_reply *reply, unsigned status,
		    const char *text)
{
	sp_reply_json(reply, status,
		      json_pack("{s:o}", "error", sp_json_text(text)));
}

const char *sp_body_text(const struct sp_web_call *call, const char *name)
{
	return json_string_value(json_object_get(call->body, name));
}

const char *sp_web_argument(const struct sp_web_call *call, const char *name)
{
	const char *value = sp_http_argument(call->request, name);

	return value != NULL ? value : "";
}
