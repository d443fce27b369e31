/*
 * decode.h - keys for libopendkim without a search.
 *
 * libopendkim has its keys decoded by d2i_PUBKEY_bio(). libcrypto 3.0 answers
 * that by making a decoder of each kind that it has, and asking them in turn:
 * 105 us, five times what the verification takes after it. So the program
 * brings a d2i_PUBKEY_bio() of its own, which the library finds before
 * libcrypto's: an RSA key is made of the numbers that der.c reads, anything else
 * is left to libcrypto.
 *
 * Threads:  any.
 */
#ifndef SALLYPORT_DKIM_DECODE_H
#define SALLYPORT_DKIM_DECODE_H

/* Does nothing: whoever calls it has the decoder linked. */
void sp_dkim_own_decoder(void);

#endif
