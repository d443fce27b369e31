/* sallyport doctor: this host as the others see it. */
#include "doctor.h"

#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/organisation.h"

enum {
	SMTP_PORT = 25,
	ALL_MS = 120000
};

static const char help[] =
	"Usage: sallyport doctor [--config FILE] [--json] [OPTIONS] [DOMAIN]\n"
	"\n"
	"Look at this host as the others see it. Each line says what was looked\n"
	"at, what was found (ok, unknown, warning, bad), and what to do:\n"
	"  the daemon, what its MTA tells it, whether the kernel answers, Redis\n"
	"  whether the MTA relays for strangers (asked up to RCPT, never DATA;\n"
	"  over loopback and at those addresses that are this machine's own)\n"
	"  the resolver; PTR and HELO name; each DNS list, and whether it answers\n"
	"  MX, SPF, DKIM and DMARC of DOMAIN (default: that of the HELO name)\n"
	"\n"
	"  --address IP     how others see this host, when it is behind NAT; may be\n"
	"                   repeated. Default: helo.own-addresses, the addresses of\n"
	"                   its interfaces, and those of its name\n"
	"  --helo NAME      what the MTA says in HELO. Default: `hostname` of the\n"
	"                   configuration, else what the MTA calls itself\n"
	"  --selector NAME  look for this DKIM key of DOMAIN; may be repeated\n"
	"  --port NUMBER    where the MTA takes mail (25)\n"
	"  --no-smtp        leave the MTA alone\n"
	"\n"
	"It works without the daemon too, but for what only that knows.\n"
	"\n"
	"Exit codes, by the worst line: 0 all is well; 6 something could not be\n"
	"found out; 5 a warning; 1 something is bad. And: 2 used wrongly; 4 the\n"
	"configuration has errors.\n";

static const char *take_address(struct sp_doctor *doctor)
{
	struct sp_ip ip;

	doctor->has_given_addresses = true;
	if (sp_ip_parse(optarg, &ip) != SP_OK)
		return "--address takes an address: 192.0.2.7 or 2001:db8::7";
	if (doctor->address_count == SP_DOCTOR_ADDRESSES_MAX)
		return "--address may be given eight times";
	(void)sp_doctor_add_address(doctor, &ip);
	return NULL;
}

/* NULL, or what is wrong. */
static const char *take_option(struct sp_doctor *doctor, int option)
{
	long number;

	switch (option) {
	case 'a':
		return take_address(doctor);
	case 'e':
		doctor->helo_given = optarg;
		return sp_domain_kind(optarg) == SP_DOMAIN_QUALIFIED
			       ? NULL
			       : "--helo takes a full host name";
	case 's':
		if (doctor->selector_count == SP_DOCTOR_SELECTORS_MAX)
			return "--selector may be given eight times";
		doctor->selectors[doctor->selector_count++] = optarg;
		return NULL;
	case 'p':
		if (!sp_ctl_parse_number(optarg, 1, 65535, &number))
			return "--port takes a number from 1 to 65535";
		doctor->smtp_port = (uint16_t)number;
		return NULL;
	default:
		doctor->leaves_mta_alone = true;
		return NULL;
	}
}

static const char *take_domain(struct sp_doctor *doctor, const char *domain)
{
	doctor->domain_given = domain;
	return sp_domain_kind(domain) == SP_DOMAIN_QUALIFIED
		       ? NULL
		       : "DOMAIN is a name with a dot: example.org";
}

static int examine(struct sp_doctor *doctor)
{
	int exit_code;

	(void)sp_suffixes_new(NULL, &doctor->suffixes);
	(void)sp_dns_new(&doctor->ctl->config->dns, &doctor->dns);
	if (!doctor->dns)
		return sp_ctl_fail(SP_EXIT_NO, "the resolver does not start");
	sp_doctor_daemon(doctor);
	sp_doctor_mta(doctor);
	sp_doctor_own(doctor);
	sp_doctor_relay(doctor);
	sp_doctor_names(doctor);
	sp_doctor_lists(doctor);
	sp_doctor_domain(doctor);
	exit_code = sp_doctor_report(doctor);
	sp_dns_free(&doctor->dns);
	sp_suffixes_free(&doctor->suffixes);
	return exit_code;
}

static int run(struct sp_ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		SP_COMMON_OPTIONS,
		{ "address", required_argument, NULL, 'a' },
		{ "helo", required_argument, NULL, 'e' },
		{ "selector", required_argument, NULL, 's' },
		{ "port", required_argument, NULL, 'p' },
		{ "no-smtp", no_argument, NULL, 'n' },
		{ 0 },
	};
	struct sp_doctor doctor = { .ctl = ctl, .smtp_port = SMTP_PORT };
	const char *wrong = NULL;
	int option, exit_code;

	while (!wrong &&
	       (option = sp_ctl_option(ctl, &sp_command_doctor, argc, argv,
				       options)) != SP_OPTION_END) {
		if (option == SP_OPTION_EXIT)
			return ctl->exit_code;
		wrong = take_option(&doctor, option);
	}
	if (!wrong && optind < argc)
		wrong = take_domain(&doctor, argv[optind++]);
	if (!wrong && optind < argc)
		wrong = "one DOMAIN is enough";
	if (wrong)
		return sp_ctl_usage(argv[0], "%s", wrong);
	exit_code = sp_ctl_load_config(ctl);
	if (exit_code != SP_EXIT_FINE)
		return exit_code;
	doctor.lines = json_array();
	doctor.end_ms = sp_clock_mono_ms() + ALL_MS;
	exit_code = examine(&doctor);
	json_decref(doctor.lines);
	return exit_code;
}

const struct sp_command sp_command_doctor = {
	.name = "doctor",
	.summary = "this host as the others see it, and what to do",
	.help = help,
	.run = run,
};
