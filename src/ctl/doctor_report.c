/* What the doctor has found, for people and for programs. */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "sallyport/text.h"

enum {
	TEXT_SIZE = 1024
};

/* Beside those of command.h. */
enum {
	EXIT_WARNING = 5,
	EXIT_UNKNOWN = 6
};

static const char *const results[] = {
	[SP_DOCTOR_OK] = "ok",
	[SP_DOCTOR_UNKNOWN] = "unknown",
	[SP_DOCTOR_WARNING] = "warning",
	[SP_DOCTOR_BAD] = "bad",
};

__attribute__((format(printf, 1, 0))) static json_t *formatted(
	const char *format, va_list args)
{
	char bytes[TEXT_SIZE];
	struct sp_text text;

	sp_text_init(&text, bytes, sizeof(bytes));
	sp_text_vaddf(&text, format, args);
	return sp_output_json_text(bytes);
}

void sp_doctor_say(struct sp_doctor *doctor, enum sp_doctor_result result,
		   struct sp_doctor_subject subject, const char *format, ...)
{
	json_t *line = json_object();
	va_list args;

	json_object_set_new(line, "what", json_string(subject.what));
	if (subject.about)
		json_object_set_new(line, "about",
				    sp_output_json_text(subject.about));
	json_object_set_new(line, "result", json_string(results[result]));
	va_start(args, format);
	json_object_set_new(line, "found", formatted(format, args));
	va_end(args);
	json_array_append_new(doctor->lines, line);
	if (result > doctor->worst)
		doctor->worst = result;
}

void sp_doctor_advise(struct sp_doctor *doctor, const char *format, ...)
{
	json_t *line = json_array_get(doctor->lines,
				      json_array_size(doctor->lines) - 1);
	va_list args;

	va_start(args, format);
	json_object_set_new(line, "todo", formatted(format, args));
	va_end(args);
}

static const char *text(const json_t *line, const char *key)
{
	const char *value = json_string_value(json_object_get(line, key));

	return value ? value : "";
}

static void print_line(const json_t *line)
{
	char subject[TEXT_SIZE];

	snprintf(subject, sizeof(subject), "%s%s%s", text(line, "what"),
		 text(line, "about")[0] ? " " : "", text(line, "about"));
	printf("%-8s ", text(line, "result"));
	sp_output_safe(stdout, subject);
	fputs(": ", stdout);
	sp_output_safe(stdout, text(line, "found"));
	putchar('\n');
	if (!text(line, "todo")[0])
		return;
	fputs("         -> ", stdout);
	sp_output_safe(stdout, text(line, "todo"));
	putchar('\n');
}

static json_t *addresses_of(const struct sp_doctor *doctor)
{
	json_t *array = json_array();
	char address[SP_IP_TEXT_SIZE];

	for (size_t i = 0; i < doctor->address_count; i++)
		json_array_append_new(
			array, json_string(sp_ip_format(&doctor->addresses[i],
							address)));
	return array;
}

static void print_json(const struct sp_doctor *doctor)
{
	json_t *object = json_object();

	json_object_set_new(object, "helo", sp_output_json_text(doctor->helo));
	json_object_set_new(object, "domain",
			    sp_output_json_text(doctor->domain));
	json_object_set_new(object, "addresses", addresses_of(doctor));
	json_object_set_new(object, "result",
			    json_string(results[doctor->worst]));
	json_object_set(object, "lines", doctor->lines);
	sp_output_json(object);
}

int sp_doctor_report(const struct sp_doctor *doctor)
{
	static const int exit_codes[] = {
		[SP_DOCTOR_OK] = SP_EXIT_FINE,
		[SP_DOCTOR_UNKNOWN] = EXIT_UNKNOWN,
		[SP_DOCTOR_WARNING] = EXIT_WARNING,
		[SP_DOCTOR_BAD] = SP_EXIT_NO,
	};
	const json_t *line;
	size_t i;

	if (doctor->ctl->is_json) {
		print_json(doctor);
	} else {
		json_array_foreach(doctor->lines, i, line)
		{
			print_line(line);
		}
	}
	return exit_codes[doctor->worst];
}
