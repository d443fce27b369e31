#include "sallyport/daemon.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sallyport/config.h"
#include "sallyport/log.h"

struct account {
	uid_t uid;
	gid_t gid;
	const char *name;
};

enum sp_err sp_daemon_find_group(const char *option, const char *name,
				 unsigned *gid_out)
{
	const struct group *entry = getgrnam(name);

	if (!entry) {
		sp_log(SP_LOG_ERROR,
		       "%s: there is no group %s (addgroup --system %s)",
		       option, name, name);
		return SP_ERR_CONFIG;
	}
	*gid_out = entry->gr_gid;
	return SP_OK;
}

static enum sp_err find_account(const struct sp_config *config,
				struct account *account_out)
{
	const struct passwd *entry;

	if (!config->user[0]) {
		sp_log(SP_LOG_ERROR,
		       "started as root without an account to become: set "
		       "user: (adduser --system --group sallyport), or user: "
		       "root if you must");
		return SP_ERR_CONFIG;
	}
	entry = getpwnam(config->user);
	if (!entry) {
		sp_log(SP_LOG_ERROR,
		       "user: there is no account %s (adduser --system "
		       "--group %s)",
		       config->user, config->user);
		return SP_ERR_CONFIG;
	}
	*account_out = (struct account){
		.uid = entry->pw_uid,
		.gid = entry->pw_gid,
		.name = config->user,
	};
	return config->group[0] ? sp_daemon_find_group("group", config->group,
						       &account_out->gid)
				: SP_OK;
}

enum sp_err sp_daemon_make_folder(const struct sp_config *config,
				  const char *option, const char *path)
{
	struct account account;
	enum sp_err err;

	if (mkdir(path, 0750) != 0) {
		if (errno == EEXIST)
			return SP_OK;
		sp_log(SP_LOG_ERROR, "%s: cannot make the folder %s: %s",
		       option, path, strerror(errno));
		return SP_ERR_SYSTEM;
	}
	if (geteuid() != 0)
		return SP_OK;
	err = find_account(config, &account);
	if (err == SP_OK && chown(path, account.uid, account.gid) != 0) {
		sp_log(SP_LOG_ERROR, "%s: cannot give %s to %s: %s", option,
		       path, account.name, strerror(errno));
		err = SP_ERR_SYSTEM;
	}
	return err;
}

static enum sp_err become(const struct account *account)
{
	if (initgroups(account->name, account->gid) != 0 ||
	    setresgid(account->gid, account->gid, account->gid) != 0 ||
	    setresuid(account->uid, account->uid, account->uid) != 0) {
		sp_log(SP_LOG_ERROR, "user: cannot become %s: %s",
		       account->name, strerror(errno));
		return SP_ERR_SYSTEM;
	}
	if (account->uid != 0 && setuid(0) == 0) {
		sp_log(SP_LOG_ERROR, "user: root could be taken back");
		return SP_ERR_SYSTEM;
	}
	return SP_OK;
}

/* Passwords and people's addresses are in our memory. */
static void forbid_core(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}

enum sp_err sp_daemon_drop_root(const struct sp_config *config)
{
	struct account account;
	enum sp_err err = SP_OK;

	if (geteuid() == 0) {
		err = find_account(config, &account);
		if (err == SP_OK)
			err = become(&account);
	}
	forbid_core();
	return err;
}

void sp_daemon_raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 4096)
		sp_log(SP_LOG_WARNING,
		       "only %llu files may be open: with many connections at "
		       "once that is too few (LimitNOFILE= in the unit)",
		       (unsigned long long)limit.rlim_cur);
}
