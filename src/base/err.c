#include "sallyport/err.h"

const char *sp_err_text(enum sp_err err)
{
	switch (err) {
	case SP_OK:
		return "no error";
	case SP_ERR_NO_MEMORY:
		return "out of memory";
	case SP_ERR_TOO_LONG:
		return "too long";
	case SP_ERR_SYNTAX:
		return "not well-formed";
	case SP_ERR_RANGE:
		return "out of range";
	case SP_ERR_NOT_FOUND:
		return "not found";
	case SP_ERR_EXISTS:
		return "exists already";
	case SP_ERR_IO:
		return "input or output failed";
	case SP_ERR_TIMEOUT:
		return "took too long";
	case SP_ERR_UNAVAILABLE:
		return "known to be out of order";
	case SP_ERR_DENIED:
		return "access was denied";
	case SP_ERR_PROTOCOL:
		return "the other side broke the protocol";
	case SP_ERR_CONFIG:
		return "the configuration is wrong";
	case SP_ERR_SYSTEM:
		return "a system call failed";
	}
	return "unknown error";
}
