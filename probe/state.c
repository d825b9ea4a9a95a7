/* state.c - see state.h. */
#include "probe/state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/ramdir.h"
#include "probe/spooldir.h"
#include "schema/base/file.h"

#define ENROLMENT "probe.json"
#define ASSIGNMENT "assignment.json"
#define KEY "key"
#define KEY_DIGITS ((size_t)(2 * SIGNATURE_SECRET_BYTES))

static const char *user_state_home, *user_home;

void
state_set_home(const char *xdg_state_home, const char *home)
{
	user_state_home = xdg_state_home;
	user_home = home;
}

enum rc
state_choose(
    char dir[static STATE_DIR_MAX], const char *option, struct err *err)
{
	int n;

	if (option != NULL)
		n = snprintf(dir, STATE_DIR_MAX, "%s", option);
	else if (geteuid() == 0)
		n = snprintf(dir, STATE_DIR_MAX, "/var/lib/catchwater-probe");
	else if (user_state_home != NULL && user_state_home[0] == '/')
		n = snprintf(
		    dir, STATE_DIR_MAX, "%s/catchwater-probe", user_state_home);
	else if (user_home != NULL && user_home[0] == '/')
		n = snprintf(dir, STATE_DIR_MAX,
		    "%s/.local/state/catchwater-probe", user_home);
	else
		return err_set(err, RC_NOTFOUND,
		    "no home directory to keep state in; give --state DIR");
	if (n == 0 || n >= STATE_DIR_MAX)
		return err_set(err, RC_RANGE, "state directory: %s",
		    n == 0 ? "empty name" : "name too long");
	return RC_OK;
}

void
state_path(char out[static STATE_PATH_MAX], const char *dir, const char *name)
{
	snprintf(out, STATE_PATH_MAX, "%s/%s", dir, name);
}

/* ---- the directory ---- */

static enum rc
make_dir(const char *path, mode_t mode, struct err *err)
{
	if (mkdir(path, mode) != 0 && errno != EEXIST)
		return err_sys(err, "create %s", path);
	return RC_OK;
}

static enum rc
make_parents(const char *dir, struct err *err)
{
	char path[STATE_PATH_MAX];

	snprintf(path, sizeof path, "%s", dir);
	for (char *p = path + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (make_dir(path, 0755, err) != RC_OK)
			return RC_SYS;
		*p = '/';
	}
	return RC_OK;
}

enum rc
state_make(const char *dir, struct err *err)
{
	char spool[STATE_PATH_MAX];

	state_path(spool, dir, STATE_SPOOL);
	if (make_parents(dir, err) != RC_OK ||
	    make_dir(dir, 0700, err) != RC_OK ||
	    make_dir(spool, 0700, err) != RC_OK)
		return RC_SYS;
	return state_check(dir, err);
}

enum rc
state_check(const char *dir, struct err *err)
{
	struct stat st;

	if (stat(dir, &st) != 0 && errno == ENOENT)
		return err_set(err, RC_NOTFOUND,
		    "%s does not exist; enroll first: catchwater-probe enroll "
		    "--collector URL --token TOKEN",
		    dir);
	if (stat(dir, &st) != 0)
		return err_sys(err, "state directory %s", dir);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, RC_RANGE, "%s is not a directory", dir);
	if (st.st_uid != geteuid())
		return err_set(err, RC_RANGE,
		    "%s belongs to user %u, not to %u; run as that user, or: "
		    "chown -R %u %s",
		    dir, st.st_uid, geteuid(), geteuid(), dir);
	if ((st.st_mode & 077) != 0)
		return err_set(err, RC_RANGE,
		    "%s is open to others (mode %04o); chmod 0700 %s", dir,
		    st.st_mode & 07777, dir);
	return RC_OK;
}

/* ---- who we are ---- */

static enum rc
unpack_enrolment(struct enrolment *out, json_t *root)
{
	const char *probe, *collector, *name, *ca_file;
	int n[4];

	if (json_unpack(root, "{s:s, s:s, s:s, s:s}", "probe", &probe,
		"collector", &collector, "name", &name, "ca_file",
		&ca_file) != 0)
		return RC_MALFORMED;
	n[0] = snprintf(out->probe, sizeof out->probe, "%s", probe);
	n[1] = snprintf(out->collector, sizeof out->collector, "%s", collector);
	n[2] = snprintf(out->name, sizeof out->name, "%s", name);
	n[3] = snprintf(out->ca_file, sizeof out->ca_file, "%s", ca_file);
	if (n[0] != PROBE_ID_LEN || n[1] >= (int)sizeof out->collector ||
	    n[2] >= (int)sizeof out->name || n[3] >= (int)sizeof out->ca_file)
		return RC_MALFORMED;
	return RC_OK;
}

enum rc
state_read_enrolment(struct enrolment *out, const char *dir, struct err *err)
{
	struct enrolment e = { 0 };
	char path[STATE_PATH_MAX];
	json_t *root;
	char *text;
	size_t len;
	enum rc rc;

	state_path(path, dir, ENROLMENT);
	rc = file_read(path, 65536, &text, &len, err);
	if (rc == RC_NOTFOUND)
		return err_set(err, rc,
		    "not enrolled (%s does not exist); first: catchwater-probe "
		    "enroll --collector URL --token TOKEN",
		    path);
	if (rc != RC_OK)
		return rc;
	root = json_loadb(text, len, 0, NULL);
	free(text);
	rc = unpack_enrolment(&e, root);
	json_decref(root);
	if (rc != RC_OK)
		return err_set(err, rc,
		    "%s is damaged; restore it, or 'catchwater-probe leave "
		    "--force' and enroll again",
		    path);
	*out = e;
	return RC_OK;
}

enum rc
state_write_enrolment(
    const struct enrolment *e, const char *dir, struct err *err)
{
	json_t *root = json_pack("{s:s, s:s, s:s, s:s}", "probe", e->probe,
	    "collector", e->collector, "name", e->name, "ca_file", e->ca_file);
	char *text = json_dumps(root, JSON_INDENT(1));
	char path[STATE_PATH_MAX];
	enum rc rc;

	json_decref(root);
	if (text == NULL)
		return err_set(err, RC_MALFORMED,
		    "the name or the path is not UTF-8 text");
	state_path(path, dir, ENROLMENT);
	rc = file_replace(path, 0600, text, strlen(text), err);
	free(text);
	return rc;
}

/* ---- the key ---- */

static enum rc
check_key_mode(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0 && errno == ENOENT)
		return err_set(err, RC_NOTFOUND,
		    "%s does not exist; enroll first: catchwater-probe enroll "
		    "--collector URL --token TOKEN",
		    path);
	if (stat(path, &st) != 0)
		return err_sys(err, "key %s", path);
	if ((st.st_mode & 077) != 0)
		return err_set(err, RC_RANGE,
		    "%s is open to others (mode %04o), so the key may be "
		    "known; chmod 0600 %s, or leave and enroll again",
		    path, st.st_mode & 07777, path);
	return RC_OK;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static enum rc
parse_key(struct signing_key *out, const char *text, size_t len)
{
	if (len != KEY_DIGITS + 1 || text[KEY_DIGITS] != '\n')
		return RC_MALFORMED;
	for (size_t i = 0; i < SIGNATURE_SECRET_BYTES; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return RC_MALFORMED;
		out->secret[i] = (uint8_t)(high << 4 | low);
	}
	/* RFC 8032's secret is the seed; the library appends the public half. */
	memcpy(out->public,
	    out->secret + SIGNATURE_SECRET_BYTES - SIGNATURE_PUBLIC_BYTES,
	    SIGNATURE_PUBLIC_BYTES);
	return RC_OK;
}

enum rc
state_read_key(struct signing_key *out, const char *dir, struct err *err)
{
	char path[STATE_PATH_MAX];
	char *text;
	size_t len;
	enum rc rc;

	state_path(path, dir, KEY);
	rc = check_key_mode(path, err);
	if (rc == RC_OK)
		rc = file_read(path, 4096, &text, &len, err);
	if (rc != RC_OK)
		return rc;
	rc = parse_key(out, text, len);
	explicit_bzero(text, len);
	free(text);
	if (rc != RC_OK)
		return err_set(err, rc,
		    "%s is damaged; restore it, or 'catchwater-probe leave "
		    "--force' and enroll again",
		    path);
	return RC_OK;
}

enum rc
state_write_key(const struct signing_key *key, const char *dir, struct err *err)
{
	static const char digits[] = "0123456789abcdef";
	char path[STATE_PATH_MAX], text[KEY_DIGITS + 1];
	enum rc rc;

	for (size_t i = 0; i < SIGNATURE_SECRET_BYTES; i++) {
		text[2 * i] = digits[key->secret[i] >> 4];
		text[2 * i + 1] = digits[key->secret[i] & 15];
	}
	text[KEY_DIGITS] = '\n';
	state_path(path, dir, KEY);
	rc = file_replace(path, 0600, text, sizeof text, err);
	explicit_bzero(text, sizeof text);
	return rc;
}

/* ---- the assignment ---- */

enum rc
state_read_assignment(struct assignment *out, const char *dir, struct err *err)
{
	char path[STATE_PATH_MAX];
	char *text;
	size_t len;
	enum rc rc;

	state_path(path, dir, ASSIGNMENT);
	rc = file_read(path, ASSIGNMENT_BODY_MAX, &text, &len, err);
	if (rc != RC_OK)
		return rc;
	rc = assignment_decode(out, text, len, err);
	free(text);
	return rc == RC_OK ? rc : err_at(err, rc, "%s", path);
}

enum rc
state_write_assignment(
    const char *body, size_t len, const char *dir, struct err *err)
{
	char path[STATE_PATH_MAX];

	state_path(path, dir, ASSIGNMENT);
	return file_replace(path, 0600, body, len, err);
}

/* ---- locks ---- */

static enum rc
say_who_has_it(const char *dir, const char *path, struct err *err)
{
	char *text;
	size_t len;

	if (file_read(path, 64, &text, &len, NULL) != RC_OK)
		return err_set(err, RC_LIMIT, "already running in %s", dir);
	text[strcspn(text, "\n")] = '\0';
	if (text[0] == '\0') /* an upload is over before it is looked for */
		err_set(err, RC_LIMIT, "already running in %s", dir);
	else
		err_set(
		    err, RC_LIMIT, "already running in %s (pid %s)", dir, text);
	free(text);
	return RC_LIMIT;
}

enum rc
state_lock(int *fd, const char *dir, const char *name, struct err *err)
{
	char path[STATE_PATH_MAX];
	int lock;

	state_path(path, dir, name);
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0)
		return err_sys(err, "open %s", path);
	if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
		enum rc rc = errno == EWOULDBLOCK
				 ? say_who_has_it(dir, path, err)
				 : err_sys(err, "lock %s", path);

		close(lock);
		return rc;
	}
	/* The id is for people: a full disk is no reason not to run, and an
	 * upload is too short and too frequent to write one. */
	if (strcmp(name, STATE_RUN_LOCK) == 0 && ftruncate(lock, 0) == 0)
		dprintf(lock, "%d\n", (int)getpid());
	*fd = lock;
	return RC_OK;
}

/* What the resident probe had no time to take along. */
static void
erase_memory(const char *dir)
{
	char spool[STATE_PATH_MAX], ram[SPOOL_PATH_MAX];
	struct enrolment e;

	state_path(spool, dir, STATE_SPOOL);
	if (state_read_enrolment(&e, dir, NULL) == RC_OK &&
	    ramdir_find(ram, e.probe, spool) == RC_OK &&
	    spooldir_erase(ram, NULL) != RC_OK)
		return; /* it goes with the power */
}

enum rc
state_erase(const char *dir, struct err *err)
{
	static const char *const names[] = { KEY, ENROLMENT, ASSIGNMENT,
		STATE_UPLOAD_LOCK, STATE_RUN_LOCK };
	char path[STATE_PATH_MAX];

	erase_memory(dir);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		state_path(path, dir, names[i]);
		if (unlink(path) != 0 && errno != ENOENT)
			return err_sys(err, "remove %s", path);
	}
	state_path(path, dir, STATE_SPOOL);
	return spooldir_erase(path, err);
}
