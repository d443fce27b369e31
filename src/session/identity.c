#include "sallyport/identity.h"

#include "sallyport/config.h"
#include "sallyport/ip.h"
#include "sallyport/text.h"

const char *sp_identity_of(const struct sp_ip *client,
			   const struct sp_greylist_config *config,
			   char identity_out[SP_IDENTITY_SIZE])
{
	unsigned prefix = client->family == SP_IP_4 ? config->ipv4_prefix
						    : config->ipv6_prefix;
	struct sp_network network;
	char around[SP_NETWORK_TEXT_SIZE];
	struct sp_text text;

	sp_text_init(&text, identity_out, SP_IDENTITY_SIZE);
	if (client->family == SP_IP_NONE)
		return identity_out;
	sp_network_around(client, prefix, &network);
	sp_text_addf(&text, "net:%s", sp_network_format(&network, around));
	return identity_out;
}
