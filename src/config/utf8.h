/*
 * utf8.h - are these bytes text?
 *
 * Threads:  reentrant.
 * Standard: RFC 3629 sections 3 and 4; YAML 1.1 section 5.1 (which characters
 *           a file may hold).
 */
#ifndef SALLYPORT_CONFIG_UTF8_H
#define SALLYPORT_CONFIG_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many bytes at the beginning of `bytes` are one character, which is
 * *character_out; 0 when they are none (`length` of them are there, 1 or
 * more). */
size_t sp_utf8_read(const char *bytes, size_t length, uint32_t *character_out);

/* A control character that no text has: not tab, line feed, carriage return
 * and next line. */
bool sp_utf8_is_control(uint32_t character);

#endif
