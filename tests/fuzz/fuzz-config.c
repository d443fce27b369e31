/* Any bytes as a configuration: loaded whole, or refused with a reason. */
#include "sallyport/config.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Every text is one printable line that names the file. */
static void check_errors(const struct sp_config_errors *errors)
{
	assert(errors->count > 0);
	for (size_t i = 0; i < errors->count && i < SP_CONFIG_ERRORS_MAX; i++) {
		const char *text = errors->texts[i];

		assert(*text == '/');
		assert(strlen(text) < SP_CONFIG_ERROR_SIZE);
		for (; *text != '\0'; text++)
			assert((unsigned char)*text >= ' ');
	}
}

static void check_config(const struct sp_config *config)
{
	struct sp_option_view view;

	for (size_t i = 0; sp_config_option(config, i, &view) == SP_OK; i++)
		assert(strlen(view.value) < sizeof(view.value));
	assert(config->mode != SP_MODE_INHERIT);
	assert(config->greylist.mode != SP_MODE_INHERIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct sp_config_errors errors;
	const struct sp_config *config;
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (sp_config_load(path, &config, &errors) == SP_OK)
		check_config(config);
	else
		check_errors(&errors);
	sp_config_unref(&config);
	close(fd);
	return 0;
}
