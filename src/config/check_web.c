/* check_web.c - where the dashboard listens, and who may see it. */
#include "loader.h"

#include <string.h>

#include "endpoint.h"
#include "sallyport/ip.h"

enum {
	SECRET_LEAST = 12
};

static const struct sp_yaml_node *written(const struct sp_loader *loader,
					  const char *option)
{
	return loader->written[sp_option_find(option)];
}

void sp_check_web(struct sp_loader *loader)
{
	struct sp_web_config *web = &loader->snapshot->config.web;
	const struct sp_yaml_node *listen = written(loader, "web.listen");

	web->password = sp_loader_secret(loader, "web.password-file",
					 web->password_file, SECRET_LEAST);
	web->token = sp_loader_secret(loader, "web.token-file", web->token_file,
				      SECRET_LEAST);
	if (listen == NULL || *web->listen == '\0' ||
	    sp_endpoint_read_web(web->listen, &web->address, &web->port))
		return;
	if (sp_ip_is_loopback(&web->address) || *web->password_file != '\0' ||
	    *web->token_file != '\0')
		return;
	sp_report_add(&loader->report, &listen->place,
		      "web.listen: others could see and change everything "
		      "there: expected web.password-file or web.token-file, or "
		      "an address of the loopback");
}
