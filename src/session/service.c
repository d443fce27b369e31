#include "sallyport/service.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/config.h"
#include "sallyport/dns.h"
#include "sallyport/geo.h"
#include "sallyport/list.h"
#include "sallyport/list_set.h"
#include "sallyport/log.h"
#include "sallyport/notify.h"
#include "sallyport/organisation.h"
#include "sallyport/secret.h"
#include "sallyport/store.h"
#include "sallyport/submitter_store.h"

enum {
	/* Remembered for when Redis is gone; see submitter_store.h. */
	SUBMITTERS_MAX = 4000
};

/* What outlives the service that made it, when a reload keeps it. */
struct shared {
	atomic_uint references;
	void *object; /* NULL: could not be made */
	void (*destroy)(void *object);
};

enum {
	PART_STORE,
	PART_EVENT_STORE,
	PART_DNS,
	PART_ADDRESS_LISTS,
	PART_DOMAIN_LISTS,
	PART_SUFFIXES,
	PART_SUBMITTERS,
	PART_SECRET,
	PART_NOTIFIER,
	PARTS
};

struct counted_service {
	struct sp_service service; /* first: callers hold a pointer to it */
	atomic_uint references;
	struct shared *parts[PARTS];
	struct sp_geo *geo; /* shares by itself what it has of the old one */
	struct sp_service_slot *slot;
	struct counted_service *next_retired; /* guarded by the slot's lock */
};

struct sp_service_slot {
	pthread_mutex_t lock;
	struct counted_service *now;	 /* guarded by lock */
	struct counted_service *retired; /* guarded by lock */
};

/* One kind of part: how it is made, ended, and told from another. */
struct part {
	enum sp_err (*make)(const struct sp_config *config, void **object_out);
	void (*destroy)(void *object);
	bool (*is_same)(const struct sp_config *a, const struct sp_config *b);
};

static enum sp_err make_store(const struct sp_config *config, void **object_out)
{
	struct sp_store *store = NULL;
	enum sp_err err = sp_store_new(&config->redis, &store);

	*object_out = store;
	return err;
}

static enum sp_err make_event_store(const struct sp_config *config,
				    void **object_out)
{
	struct sp_redis_config redis = config->redis;
	struct sp_store *store = NULL;
	enum sp_err err;

	redis.connections = 1;
	err = sp_store_new(&redis, &store);
	if (err == SP_OK)
		sp_store_be_quiet(store);
	*object_out = store;
	return err;
}

static void destroy_store(void *object)
{
	struct sp_store *store = object;

	sp_store_free(&store);
}

static bool is_same_store(const struct sp_config *old,
			  const struct sp_config *fresh)
{
	const struct sp_redis_config *a = &old->redis;
	const struct sp_redis_config *b = &fresh->redis;

	return a->kind == b->kind && a->port == b->port &&
	       a->database == b->database && a->connections == b->connections &&
	       a->connect_timeout_ms == b->connect_timeout_ms &&
	       a->command_timeout_ms == b->command_timeout_ms &&
	       a->breaker_failures == b->breaker_failures &&
	       a->breaker_pause_ms == b->breaker_pause_ms &&
	       strcmp(a->host, b->host) == 0 && strcmp(a->path, b->path) == 0 &&
	       strcmp(a->user, b->user) == 0 &&
	       strcmp(a->password, b->password) == 0;
}

/* Without a resolver mail flows all the same: nothing is asked. */
static enum sp_err make_dns(const struct sp_config *config, void **object_out)
{
	struct sp_dns *dns = NULL;
	enum sp_err err = sp_dns_new(&config->dns, &dns);

	if (err != SP_OK)
		sp_log(SP_LOG_ERROR,
		       "dns: cannot begin (%s): nothing is looked up",
		       sp_err_text(err));
	*object_out = dns;
	return SP_OK;
}

static void destroy_dns(void *object)
{
	struct sp_dns *dns = object;

	sp_dns_free(&dns);
}

static bool is_same_list(const struct sp_list *a, const struct sp_list *b)
{
	if (sp_list_count(a) != sp_list_count(b))
		return false;
	for (size_t i = 0; i < sp_list_count(a); i++)
		if (strcmp(sp_list_get(a, i)->text, sp_list_get(b, i)->text))
			return false;
	return true;
}

static bool is_same_dns(const struct sp_config *old,
			const struct sp_config *fresh)
{
	const struct sp_dns_config *a = &old->dns;
	const struct sp_dns_config *b = &fresh->dns;

	/* Which servers the system names may have changed: look again. */
	if (sp_list_count(b->servers) == 0 && !b->is_recursive)
		return false;
	return is_same_list(a->servers, b->servers) &&
	       a->is_recursive == b->is_recursive &&
	       a->max_in_flight == b->max_in_flight &&
	       a->cache_size_bytes == b->cache_size_bytes &&
	       a->timeout_ms == b->timeout_ms &&
	       strcmp(a->system_file, b->system_file) == 0;
}

static void destroy_lists(void *object)
{
	struct sp_list_set *set = object;

	sp_list_set_free(&set);
}

static bool are_same_rules(const struct sp_dnsbl_rules *a,
			   const struct sp_dnsbl_rules *b)
{
	/* Zeroed before they are filled, so that bytes can be compared. */
	return memcmp(a, b, sizeof(*a)) == 0;
}

static enum sp_err make_address_lists(const struct sp_config *config,
				      void **object_out)
{
	struct sp_list_set *set = NULL;
	enum sp_err err = sp_list_set_new(config->dnsbl.addresses, false, &set);

	*object_out = set;
	return err;
}

static bool are_same_address_lists(const struct sp_config *old,
				   const struct sp_config *fresh)
{
	return are_same_rules(old->dnsbl.addresses, fresh->dnsbl.addresses);
}

static enum sp_err make_domain_lists(const struct sp_config *config,
				     void **object_out)
{
	struct sp_list_set *set = NULL;
	enum sp_err err = sp_list_set_new(config->dnsbl.domains, true, &set);

	*object_out = set;
	return err;
}

static bool are_same_domain_lists(const struct sp_config *old,
				  const struct sp_config *fresh)
{
	return are_same_rules(old->dnsbl.domains, fresh->dnsbl.domains);
}

static enum sp_err make_suffixes(const struct sp_config *config,
				 void **object_out)
{
	struct sp_suffixes *suffixes = NULL;
	enum sp_err err = sp_suffixes_new(NULL, &suffixes);

	(void)config;
	*object_out = suffixes;
	return err;
}

static void destroy_suffixes(void *object)
{
	struct sp_suffixes *suffixes = object;

	sp_suffixes_free(&suffixes);
}

/* A reload is the moment at which a new list of suffixes is read too. */
static bool is_never_same(const struct sp_config *old,
			  const struct sp_config *fresh)
{
	(void)old;
	(void)fresh;
	return false;
}

static enum sp_err make_submitters(const struct sp_config *config,
				   void **object_out)
{
	struct sp_submitter_memory *memory = NULL;
	enum sp_err err = sp_submitter_memory_new(SUBMITTERS_MAX, &memory);

	(void)config;
	*object_out = memory;
	return err;
}

static void destroy_submitters(void *object)
{
	struct sp_submitter_memory *memory = object;

	sp_submitter_memory_free(&memory);
}

static enum sp_err make_secret(const struct sp_config *config,
			       void **object_out)
{
	struct sp_hash_key *secret = malloc(sizeof(*secret));

	*object_out = secret;
	if (!secret)
		return SP_ERR_NO_MEMORY;
	sp_secret_load(config->state_dir, secret);
	return SP_OK;
}

/* Without it mail flows all the same: nobody is told. */
static enum sp_err make_notifier(const struct sp_config *config,
				 void **object_out)
{
	struct sp_notifier *notifier = NULL;
	enum sp_err err = sp_notifier_new(config, &notifier);

	if (err != SP_OK)
		sp_log(SP_LOG_ERROR,
		       "notify: cannot begin (%s): nobody is told",
		       sp_err_text(err));
	*object_out = notifier;
	return SP_OK;
}

static void destroy_notifier(void *object)
{
	struct sp_notifier *notifier = object;

	sp_notifier_free(&notifier);
}

/* What has been counted, how names are hashed, and what is still to be told
 * outlives every reload. */
static bool is_always_same(const struct sp_config *old,
			   const struct sp_config *fresh)
{
	(void)old;
	(void)fresh;
	return true;
}

static const struct part parts[PARTS] = {
	[PART_STORE] = { make_store, destroy_store, is_same_store },
	[PART_EVENT_STORE] = { make_event_store, destroy_store, is_same_store },
	[PART_DNS] = { make_dns, destroy_dns, is_same_dns },
	[PART_ADDRESS_LISTS] = { make_address_lists, destroy_lists,
				 are_same_address_lists },
	[PART_DOMAIN_LISTS] = { make_domain_lists, destroy_lists,
				are_same_domain_lists },
	[PART_SUFFIXES] = { make_suffixes, destroy_suffixes, is_never_same },
	[PART_SUBMITTERS] = { make_submitters, destroy_submitters,
			      is_always_same },
	[PART_SECRET] = { make_secret, free, is_always_same },
	[PART_NOTIFIER] = { make_notifier, destroy_notifier, is_always_same },
};

static void shared_unref(struct shared *shared)
{
	if (!shared || atomic_fetch_sub(&shared->references, 1) != 1)
		return;
	if (shared->object)
		shared->destroy(shared->object);
	free(shared);
}

static enum sp_err shared_new(const struct part *part,
			      const struct sp_config *config,
			      struct shared **shared_out)
{
	struct shared *shared = calloc(1, sizeof(*shared));
	enum sp_err err;

	if (!shared)
		return SP_ERR_NO_MEMORY;
	atomic_init(&shared->references, 1);
	shared->destroy = part->destroy;
	err = part->make(config, &shared->object);
	if (err != SP_OK) {
		free(shared);
		return err;
	}
	*shared_out = shared;
	return SP_OK;
}

/* The config's reference stays the caller's. */
static void counted_service_free(struct counted_service *counted)
{
	/* The resolver before the store, and so on: the last first. */
	for (size_t i = PARTS; i-- > 0;)
		shared_unref(counted->parts[i]);
	sp_geo_free(&counted->geo);
	free(counted);
}

/* Nothing is freed here: it may be the end of a session on libmilter's
 * controller, which must not wait, and a resolver's end does. */
static void counted_service_unref(struct counted_service *counted)
{
	struct sp_service_slot *slot = counted->slot;

	if (atomic_fetch_sub(&counted->references, 1) != 1)
		return;
	pthread_mutex_lock(&slot->lock);
	counted->next_retired = slot->retired;
	slot->retired = counted;
	pthread_mutex_unlock(&slot->lock);
}

void sp_service_slot_tidy(struct sp_service_slot *slot)
{
	struct counted_service *retired;

	pthread_mutex_lock(&slot->lock);
	retired = slot->retired;
	slot->retired = NULL;
	pthread_mutex_unlock(&slot->lock);
	while (retired) {
		struct counted_service *next = retired->next_retired;
		const struct sp_config *config = retired->service.config;

		counted_service_free(retired);
		sp_config_unref(&config);
		retired = next;
	}
}

/* The old service's part where it is the same, else a new one. */
static enum sp_err take_part(const struct counted_service *old,
			     const struct sp_config *config, size_t which,
			     struct shared **shared_out)
{
	if (old && parts[which].is_same(old->service.config, config)) {
		*shared_out = old->parts[which];
		atomic_fetch_add(&(*shared_out)->references, 1);
		return SP_OK;
	}
	return shared_new(&parts[which], config, shared_out);
}

static enum sp_err make_geo(const struct counted_service *old,
			    const struct sp_config *config,
			    struct sp_geo **geo_out)
{
	const struct sp_outbound_config *outbound = &config->outbound;
	bool is_wanted = outbound->is_enabled;
	const struct sp_geo_files files = { {
		[SP_GEO_COUNTRY] = is_wanted ? outbound->country_database : "",
		[SP_GEO_ASN] = is_wanted ? outbound->asn_database : "",
	} };

	return sp_geo_new(&files, old ? old->geo : NULL, geo_out);
}

/* Takes over the reference of `config` when it succeeds. */
static enum sp_err counted_service_new(const struct sp_config *config,
				       const struct sp_clock *clock,
				       const struct counted_service *old,
				       struct counted_service **counted_out)
{
	struct counted_service *counted = calloc(1, sizeof(*counted));
	enum sp_err err = SP_OK;

	if (!counted)
		return SP_ERR_NO_MEMORY;
	for (size_t i = 0; i < PARTS && err == SP_OK; i++)
		err = take_part(old, config, i, &counted->parts[i]);
	if (err == SP_OK)
		err = make_geo(old, config, &counted->geo);
	if (err != SP_OK) {
		counted_service_free(counted);
		return err;
	}
	counted->service = (struct sp_service){
		.config = config,
		.store = counted->parts[PART_STORE]->object,
		.event_store = counted->parts[PART_EVENT_STORE]->object,
		.clock = clock,
		.dns = counted->parts[PART_DNS]->object,
		.address_lists = counted->parts[PART_ADDRESS_LISTS]->object,
		.domain_lists = counted->parts[PART_DOMAIN_LISTS]->object,
		.suffixes = counted->parts[PART_SUFFIXES]->object,
		.submitters = counted->parts[PART_SUBMITTERS]->object,
		.secret = counted->parts[PART_SECRET]->object,
		.geo = counted->geo,
		.notifier = counted->parts[PART_NOTIFIER]->object,
	};
	atomic_init(&counted->references, 1);
	*counted_out = counted;
	return SP_OK;
}

enum sp_err sp_service_slot_new(const struct sp_config *config,
				const struct sp_clock *clock,
				struct sp_service_slot **slot_out)
{
	struct sp_service_slot *slot = calloc(1, sizeof(*slot));
	enum sp_err err;

	if (!slot)
		return SP_ERR_NO_MEMORY;
	err = counted_service_new(config, clock, NULL, &slot->now);
	if (err != SP_OK) {
		free(slot);
		return err;
	}
	slot->now->slot = slot;
	pthread_mutex_init(&slot->lock, NULL);
	*slot_out = slot;
	return SP_OK;
}

void sp_service_slot_free(struct sp_service_slot **slot)
{
	if (!*slot)
		return;
	counted_service_unref((*slot)->now);
	sp_service_slot_tidy(*slot);
	pthread_mutex_destroy(&(*slot)->lock);
	free(*slot);
	*slot = NULL;
}

enum sp_err sp_service_slot_set(struct sp_service_slot *slot,
				const struct sp_config *config)
{
	/* Only the one that reloads writes `now`: reading it here is safe. */
	struct counted_service *old = slot->now;
	struct counted_service *fresh;
	enum sp_err err =
		counted_service_new(config, old->service.clock, old, &fresh);

	if (err != SP_OK)
		return err;
	fresh->slot = slot;
	if (fresh->service.notifier)
		sp_notifier_configure(fresh->service.notifier, config);
	pthread_mutex_lock(&slot->lock);
	slot->now = fresh;
	pthread_mutex_unlock(&slot->lock);
	counted_service_unref(old);
	return SP_OK;
}

const struct sp_service *sp_service_get(struct sp_service_slot *slot)
{
	struct counted_service *counted;

	pthread_mutex_lock(&slot->lock);
	counted = slot->now;
	atomic_fetch_add(&counted->references, 1);
	pthread_mutex_unlock(&slot->lock);
	return &counted->service;
}

void sp_service_unref(const struct sp_service **service)
{
	if (!*service)
		return;
	/* The service is the first member of what we counted. */
	counted_service_unref((struct counted_service *)(uintptr_t)*service);
	*service = NULL;
}

struct sp_submitter_books sp_service_books(const struct sp_service *service)
{
	return (struct sp_submitter_books){
		.store = service->store,
		.memory = service->submitters,
		.config = &service->config->outbound,
	};
}
