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

/* A folder that was there is the administrator's: not changed, but said. */
static enum sp_err check_folder(const struct sp_daemon_folder *folder)
{
	struct stat status;
	unsigned gid;
	enum sp_err err;

	if (!folder->group[0])
		return SP_OK;
	err = sp_daemon_find_group(folder->option, folder->group, &gid);
	if (err == SP_OK && stat(folder->path, &status) == 0 &&
	    !(status.st_mode & S_IXOTH) &&
	    !(status.st_gid == gid && status.st_mode & S_IXGRP))
		sp_log(SP_LOG_WARNING,
		       "%s: group %s cannot enter %s, so the mail server may "
		       "not reach us (chgrp %s %s; chmod g+x %s)",
		       folder->option, folder->group, folder->path,
		       folder->group, folder->path, folder->path);
	return err;
}

static enum sp_err give_folder(const struct sp_config *config,
			       const struct sp_daemon_folder *folder)
{
	struct account account = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
	enum sp_err err = SP_OK;

	if (geteuid() == 0)
		err = find_account(config, &account);
	if (err == SP_OK && folder->group[0])
		err = sp_daemon_find_group(folder->option, folder->group,
					   &account.gid);
	if (err == SP_OK &&
	    chown(folder->path, account.uid, account.gid) != 0) {
		sp_log(SP_LOG_ERROR, "%s: cannot set owner and group of %s: %s",
		       folder->option, folder->path, strerror(errno));
		err = SP_ERR_SYSTEM;
	}
	return err;
}

enum sp_err sp_daemon_make_folder(const struct sp_config *config,
				  const struct sp_daemon_folder *folder)
{
	if (mkdir(folder->path, 0750) == 0)
		return give_folder(config, folder);
	if (errno == EEXIST)
		return check_folder(folder);
	sp_log(SP_LOG_ERROR, "%s: cannot make the folder %s: %s",
	       folder->option, folder->path, strerror(errno));
	return SP_ERR_SYSTEM;
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
