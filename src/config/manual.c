/*
 * manual.c - writes sallyport.yaml(5) from the option table, when sallyport is
 * built, so the manual cannot say anything else than the program does.
 */
#include "sallyport/config.h"

#include <stdio.h>
#include <string.h>

static const char head[] =
	".SH NAME\n"
	"sallyport.yaml \\- the configuration of sallyportd\n"
	".SH DESCRIPTION\n"
	"One file in YAML. Every option has a default, so an empty file is a\n"
	"good one. A dot in the names below is a level in the file:\n"
	".PP\n"
	".nf\n"
	".RS\n"
	"mode: enforce\n"
	"greylist:\n"
	"  delay: 5m\n"
	"access:\n"
	"  trusted\\-networks:\n"
	"    \\- 127.0.0.0/8\n"
	"    \\- file:our\\-networks\n"
	".RE\n"
	".fi\n"
	".PP\n"
	"What is unknown, written twice, of the wrong type or out of range is\n"
	"an error. \\fBsallyportd \\-t\\fR names all errors of a file, each as\n"
	"FILE:LINE:COLUMN. At a reload (SIGHUP) a file with errors changes\n"
	"nothing. New values hold for connections made from then on.\n"
	".PP\n"
	"YAML's anchors, aliases, tags and second documents are refused. The\n"
	"file may have 1 MB.\n"
	".SH VALUES\n"
	".TP\n"
	"duration\n"
	"A whole number and its unit: 250ms, 90s, 5m, 2h, 36d.\n"
	".TP\n"
	"size\n"
	"A whole number and its unit, in powers of 1024: 512B, 64KB, 256MB,\n"
	"1GB, 1TB.\n"
	".TP\n"
	"decimal\n"
	"A number with at most three digits behind the point: 2, \\-1, 0.5.\n"
	".TP\n"
	"true|false\n"
	"Also yes, no, on and off.\n"
	".TP\n"
	"path\n"
	"Begins with a slash.\n"
	".SH LISTS\n"
	"A list has entries and items \\fBfile:\\fIPATH\\fR, a path without a\n"
	"slash in front being relative to the configuration's folder. Such a\n"
	"file has one entry a line; # begins a comment. It is read when the\n"
	"configuration is, and may have 64 MB; a list may have 1,000,000\n"
	"entries. What is written replaces the default. In YAML an entry that\n"
	"begins with a colon needs quotes within brackets: [\"::1\"].\n"
	".TP\n"
	"network list\n"
	"192.0.2.0/24, 2001:db8::/32, 192.0.2.7. The longest prefix holds.\n"
	".TP\n"
	"name list\n"
	"example.org is that name and all names below it.\n"
	".TP\n"
	"address list\n"
	"user@example.org; user@, that local part in every domain;\n"
	"example.org, every address in it and below it; <>, the null sender.\n"
	"The address itself comes first, then domains from the left, then the\n"
	"local part.\n"
	".TP\n"
	"server list\n"
	"192.0.2.1, 192.0.2.1@5353, 2001:db8::1. The port is 53 if not said.\n"
	".TP\n"
	"rule list\n"
	"NAME: ZONE=FILTER*WEIGHT, in quotes. NAME is that of the finding,\n"
	"behind DNSBL_ or RHSBL_; several rules may share a zone, which is\n"
	"asked once. FILTER is as in\n"
	".BR postscreen (8):\n"
	"four octets, each a number or [A..B;C]; {A;B} is a number with one of\n"
	"these bits set. Without it every answer in 127.0.0.0/8 is a listing.\n"
	"WEIGHT is 1 if not said, and negative for a list of the good. The\n"
	"item defaults stands for the shipped rules; one whose NAME you have\n"
	"used yourself is left out. Answers by which a list refuses us are\n"
	"never listings. An access key in a zone is shown nowhere.\n"
	".TP\n"
	"limit list\n"
	"COUNTED: MOST/WINDOW STATE, as in messages: 200/1h hold. With more than\n"
	"MOST within the WINDOW, which slides (to a twelfth of it, and never less\n"
	"than all of it), the submitter comes into STATE: watch, hold or locked.\n"
	"COUNTED is messages; recipients, every one; distinct\\-recipients,\n"
	"different ones; refused, recipients that were not taken; foreign\\-from,\n"
	"messages whose From: is not the submitter's; bounces; networks,\n"
	"countries and asns (providers) that messages came from. There may be\n"
	"several windows and states for one thing; one that could never be\n"
	"reached is an error.\n"
	".TP\n"
	"word list\n"
	"A program's absolute path and its arguments, as a list:\n"
	"[/usr/local/bin/tell, \\-\\-loud]. No shell reads them.\n"
	".TP\n"
	"owner list\n"
	"ADDRESS LOGIN, LOGIN: info@example.org alice, bob@example.org. Instead\n"
	"of an address, @example.org is every address in that domain, and sales\n"
	"is the one in\n"
	".BR outbound.login\\-domain ;\n"
	"instead of a login, uid:71023 is a user of this machine. A line of a\n"
	"file that begins with a blank goes on with the one before. That is the\n"
	"form of Postfix's\n"
	".BR smtpd_sender_login_maps ,\n"
	"see\n"
	".BR postconf (5),\n"
	"but for tables of patterns. Whoever owns a domain owns every address in\n"
	"it here, whatever else is said of them.\n"
	".TP\n"
	"class list\n"
	"CLASS WHO: WHOM says who is in a class: login: news@example.org; domain:\n"
	"example.org, logins in it and below it; uid: 70000\\-79999, users of this\n"
	"machine; network: 10.1.0.0/16, trusted relays. CLASS LIMIT says what\n"
	"holds for it: students messages: 50/1h hold. It replaces all that\n"
	".B outbound.limits\n"
	"says of that thing; CLASS COUNTED: none lifts it. The most particular\n"
	"statement holds. Trusted relays that are in no class are in \\(dqrelays\\(dq,\n"
	"which has only the limits that are stated of it.\n"
	".PP\n"
	"Where an allow list and a deny list both hold an entry for a mail, the\n"
	"more particular one decides. The same entry in both is\n"
	"an error.\n";

static const char foot[] =
	".SH FILES\n" SP_SYSCONFDIR "/sallyport/sallyport.yaml\n"
	".SH SEE ALSO\n"
	".BR sallyportd (8),\n"
	".BR sallyport (1)\n";

/* Text that roff sets as it is. */
static void put(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '-' || *text == '\\')
			putchar('\\');
		putchar(*text == '\\' ? 'e' : *text);
	}
}

static void put_facts(const struct sp_option_view *view)
{
	const char *dots = strstr(view->range, "..");

	if (*view->unit != '\0') {
		printf(", in ");
		put(view->unit);
	}
	if (dots != NULL)
		printf(", from %.*s to %s", (int)(dots - view->range),
		       view->range, dots + 2);
	if (*view->initial == '\0') {
		printf("; empty by default\n");
		return;
	}
	printf("; default ");
	put(view->initial);
	putchar('\n');
}

static void put_option(const struct sp_option_view *view)
{
	printf(".TP\n\\fB");
	put(view->name);
	printf("\\fR\n\\fI");
	put(view->type);
	printf("\\fR");
	put_facts(view);
	/* What begins with a dot would be taken for a request. */
	printf(".br\n\\&");
	put(view->help);
	putchar('\n');
}

/* "greylist", "" for an option at the top. */
static void section_of(const char *name, char section_out[64])
{
	const char *dot = strchr(name, '.');
	size_t length = dot == NULL ? 0 : (size_t)(dot - name);

	memcpy(section_out, name, length);
	section_out[length] = '\0';
}

int main(void)
{
	struct sp_option_view view;
	char section[64];
	char last[64] = "";

	printf(".TH SALLYPORT.YAML 5 2026-11-21 \"sallyport %s\"\n%s",
	       PACKAGE_VERSION, head);
	printf(".SH OPTIONS\n");
	for (size_t i = 0; sp_config_option(NULL, i, &view) == SP_OK; i++) {
		section_of(view.name, section);
		if (strcmp(section, last) != 0)
			printf(".SS %s\n", section);
		memcpy(last, section, sizeof(last));
		put_option(&view);
	}
	printf("%s", foot);
	return fflush(stdout) == 0 ? 0 : 1;
}
