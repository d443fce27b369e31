/*
 * err.h - why a call did not do what it was asked.
 *
 * 0 is success, failures are negative. What a mail meets (a softfail, a silent
 * store, a name that does not exist) is a fact for policy, never an error.
 *
 * Threads:  everything here is constant.
 */
#ifndef SALLYPORT_ERR_H
#define SALLYPORT_ERR_H

enum sp_err {
	SP_OK = 0,
	SP_ERR_NO_MEMORY = -1,
	SP_ERR_TOO_LONG = -2, /* an input or a result is over its cap */
	SP_ERR_SYNTAX = -3,
	SP_ERR_RANGE = -4, /* well-formed, but outside of what is allowed */
	SP_ERR_NOT_FOUND = -5,
	SP_ERR_EXISTS = -6,
	SP_ERR_IO = -7,
	SP_ERR_TIMEOUT = -8,
	SP_ERR_UNAVAILABLE = -9, /* known to be out of order: not even tried */
	SP_ERR_DENIED = -10,	 /* the other side refused who we are */
	SP_ERR_PROTOCOL = -11,	 /* the other side said what it may not say */
	SP_ERR_CONFIG = -12,
	SP_ERR_SYSTEM = -13 /* a system call failed: errno says why */
};

/* A constant sentence without a full stop; never NULL. */
const char *sp_err_text(enum sp_err err);

#endif
