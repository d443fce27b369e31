#include "sallyport/own_from.h"

#include <string.h>

#include "sallyport/domain.h"
#include "sallyport/from.h"
#include "sallyport/idn.h"
#include "sallyport/senders.h"
#include "sallyport/submitter.h"
#include "sallyport/text.h"

/* The submitter, as From: is held against it. */
struct owner {
	const struct sp_own_from_question *question;
	size_t local_length; /* of its login, what stands before the '@' */
	char domain[SP_DOMAIN_SIZE]; /* of its login; "" = not known */
};

static void read_owner(const struct sp_own_from_question *question,
		       struct owner *owner_out)
{
	const char *at = strrchr(question->login, '@');
	const char *domain = at ? at + 1 : question->login_domain;

	*owner_out = (struct owner){
		.question = question,
		.local_length = at ? (size_t)(at - question->login)
				   : strlen(question->login),
	};
	/* A login that was too long to be kept has no domain that we know. */
	if (question->submitter->kind == SP_SUBMITTER_LOGIN &&
	    sp_submitter_domain(question->submitter))
		(void)sp_idn_to_ascii(domain, owner_out->domain);
}

static bool can_be_judged(const struct owner *owner)
{
	const struct sp_own_from_question *question = owner->question;

	if (question->rule == SP_OWN_FROM_OFF ||
	    question->submitter->kind == SP_SUBMITTER_NETWORK ||
	    !question->from)
		return false;
	return owner->domain[0] ||
	       sp_senders_know(question->senders, question->submitter->key);
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* "alice", "alice+anything" */
static bool is_login(const struct owner *owner, const char *local)
{
	const char *login = owner->question->login;

	for (size_t i = 0; i < owner->local_length; i++)
		if (lower(login[i]) != lower(local[i]))
			return false;
	return local[owner->local_length] == '\0' ||
	       local[owner->local_length] == '+';
}

/* As anybody in `domain`. */
static bool owns_domain(const struct owner *owner, const char *domain)
{
	const struct sp_own_from_question *question = owner->question;

	return (question->rule == SP_OWN_FROM_DOMAIN && owner->domain[0] &&
		sp_domain_is_within(domain, owner->domain)) ||
	       sp_senders_may(question->senders, question->submitter->key, NULL,
			      domain);
}

static bool owns(const struct owner *owner, const char *local,
		 const char *domain)
{
	const struct sp_own_from_question *question = owner->question;

	if (!local[0]) /* one that was too long */
		return false;
	return owns_domain(owner, domain) ||
	       (owner->domain[0] && strcmp(domain, owner->domain) == 0 &&
		is_login(owner, local)) ||
	       sp_senders_may(question->senders, question->submitter->key,
			      local, domain);
}

/* The name that is looked up and compared; as it stands there, when it is none
 * that could be. */
static void write_domain(const struct sp_from_domain *domain,
			 char name_out[SP_DOMAIN_SIZE])
{
	if (domain->kind != SP_FROM_DOMAIN_IDN ||
	    sp_idn_to_ascii(domain->name, name_out) != SP_OK)
		sp_text_copy(name_out, SP_DOMAIN_SIZE, domain->name);
}

/* As people know it, without "sasl:". */
static const char *name_of(const struct sp_submitter *submitter)
{
	return submitter->kind == SP_SUBMITTER_LOGIN
		       ? strchr(submitter->key, ':') + 1
		       : submitter->key;
}

static void begin(struct sp_own_from_fact *fact, struct sp_text *text_out)
{
	fact->verdict = SP_OWN_FROM_FOREIGN;
	sp_text_init(text_out, fact->reason, sizeof(fact->reason));
}

/* A quarter of a reason at most, so that the rest is said, too. */
static void add_safe(struct sp_text *text, const char *bytes)
{
	size_t length = strlen(bytes);
	size_t most = SP_OWN_FROM_REASON_SIZE / 4 - 4;
	char cut[SP_OWN_FROM_REASON_SIZE / 4];
	struct sp_text piece;

	sp_text_init(&piece, cut, most);
	sp_text_add_safe(&piece, bytes, length, NULL);
	sp_text_add(text, cut);
	if (piece.is_cut)
		sp_text_add(text, "...");
}

static void blame_address(const struct owner *owner, const char *local,
			  const char *domain, struct sp_own_from_fact *fact)
{
	struct sp_text text;

	begin(fact, &text);
	sp_text_add(&text, "From: ");
	add_safe(&text, local);
	sp_text_add(&text, "@");
	add_safe(&text, domain);
	sp_text_add(&text, " is not ");
	add_safe(&text, name_of(owner->question->submitter));
	sp_text_add(&text, "'s");
}

static void blame_unreadable(const struct owner *owner, const char *domain,
			     struct sp_own_from_fact *fact)
{
	const struct sp_from *from = owner->question->from;
	struct sp_text text;

	begin(fact, &text);
	sp_text_addf(&text, "From: cannot be read (%s), and names ",
		     sp_from_reason_text(from->reason));
	add_safe(&text, domain);
	sp_text_add(&text, ", which is not ");
	add_safe(&text, name_of(owner->question->submitter));
	sp_text_add(&text, "'s");
}

static void judge_mailboxes(const struct owner *owner,
			    struct sp_own_from_fact *fact)
{
	const struct sp_from *from = owner->question->from;

	for (unsigned i = 0; i < from->mailboxes_kept; i++) {
		const struct sp_from_mailbox *mailbox = &from->mailboxes[i];
		char domain[SP_DOMAIN_SIZE];

		write_domain(&from->domains[mailbox->domain], domain);
		if (!owns(owner, mailbox->local, domain)) {
			blame_address(owner, mailbox->local, domain, fact);
			return;
		}
		fact->verdict = SP_OWN_FROM_OWN;
	}
}

static void judge_domains(const struct owner *owner,
			  struct sp_own_from_fact *fact)
{
	const struct sp_from *from = owner->question->from;

	for (unsigned i = 0; i < from->domain_count; i++) {
		char domain[SP_DOMAIN_SIZE];

		write_domain(&from->domains[i], domain);
		if (owns_domain(owner, domain) ||
		    strcmp(domain, owner->domain) == 0)
			continue;
		blame_unreadable(owner, domain, fact);
		return;
	}
}

static void judge_rest(const struct owner *owner, struct sp_own_from_fact *fact)
{
	const struct sp_from *from = owner->question->from;
	struct sp_text text;

	if (from->mailbox_count <= from->mailboxes_kept)
		return;
	begin(fact, &text);
	sp_text_addf(&text, "From: has %u authors", from->mailbox_count);
}

void sp_own_from_judge(const struct sp_own_from_question *question,
		       struct sp_own_from_fact *fact_out)
{
	struct owner owner;

	*fact_out = (struct sp_own_from_fact){
		.verdict = SP_OWN_FROM_NOT_JUDGED,
	};
	read_owner(question, &owner);
	if (!can_be_judged(&owner))
		return;
	judge_mailboxes(&owner, fact_out);
	if (fact_out->verdict == SP_OWN_FROM_FOREIGN)
		return;
	if (question->from->reason == SP_FROM_READ) {
		judge_rest(&owner, fact_out);
		return;
	}
	/* Of what else stands there nothing is known to be its own. */
	fact_out->verdict = SP_OWN_FROM_NOT_JUDGED;
	judge_domains(&owner, fact_out);
}
