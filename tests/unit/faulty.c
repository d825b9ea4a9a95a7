/*
 * faulty.c - a library that makes a program's disk, clock and end go wrong.
 *
 * Used by  tests/unit/faulty.py, which says what the words are
 *
 * Preloaded (LD_PRELOAD) into an unmodified `catchwater`.  What is to go wrong
 * stands in the file that CATCHWATER_FAULTY names, mapped by both sides, so
 * that a test can change its mind at any moment.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "schema/base/clock.h"

/* Where a program can be told to die. */
enum point {
	AT_NONE,
	AT_VERIFY,   /* before a signature is looked at */
	AT_VERIFIED, /* after */
	AT_STEP,     /* before a statement does something */
	AT_WRITE,    /* before bytes go to a file of the database */
	AT_SYNC,     /* before they are asked to be on disk */
	AT_SYNCED,   /* after: committed, and not answered */
	AT_ANSWER,   /* before a 200 to a batch leaves */
	AT_ANSWERED, /* after */
	N_POINTS
};

/* All words of the file, in its order. */
struct words {
	_Atomic int64_t die_at;      /* of enum point */
	_Atomic int64_t die_in;      /* passes from now on; 1: the next */
	_Atomic int64_t is_power;    /* unsynced bytes of the log go too */
	_Atomic int64_t delay_us;    /* of each sync */
	_Atomic int64_t offset_us;   /* of the clocks: whole seconds */
	_Atomic int64_t write_errno; /* of each write; 0: it is done */
	_Atomic int64_t n_passed[N_POINTS];
};

static struct words *words;
/* The write-ahead log: 1 + fd of one who writes it, and how much was synced. */
static _Atomic int64_t log_fd, synced;
static _Atomic bool is_cut;

#define REAL(name) \
	static __typeof__(name) *real; \
	if (real == NULL) { \
		void *found = dlsym(RTLD_NEXT, #name); \
\
		memcpy(&real, &found, sizeof real); \
	}

__attribute__((constructor)) static void
map_words(void)
{
	const char *path = getenv("CATCHWATER_FAULTY");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p;

	if (fd < 0)
		return;
	p = mmap(
	    NULL, sizeof *words, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		words = p;
}

/* What a power cut leaves of the log: what was synced.  It ends all threads at
 * once: whoever would send from now on does not (stop_if_cut), so that no
 * answer tells of a sync that comes after the cut. */
static void
cut_power(void)
{
	is_cut = true;
	if (log_fd != 0)
		(void)!ftruncate((int)log_fd - 1, synced);
}

static void
stop_if_cut(void)
{
	while (is_cut)
		(void)pause();
}

static void
pass(enum point at)
{
	if (words == NULL)
		return;
	atomic_fetch_add(&words->n_passed[at], 1);
	if (words->die_at != at || atomic_fetch_sub(&words->die_in, 1) != 1)
		return;
	if (words->is_power != 0)
		cut_power();
	(void)kill(getpid(), SIGKILL);
	_exit(128 + SIGKILL); /* where no system call kills */
}

static bool
is_log(int fd)
{
	char link[32], path[512];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path);
	return n > 4 && memcmp(path + n - 4, "-wal", 4) == 0;
}

/* Before the first bytes that this process writes to it, all that is there is
 * as good as synced. */
static void
note_log(int fd, bool is_synced)
{
	struct stat file;

	if ((is_synced || log_fd == 0) && is_log(fd) && fstat(fd, &file) == 0) {
		synced = file.st_size;
		log_fd = fd + 1;
	}
}

/* For as long as it is told, and still told. */
static void
be_slow(void)
{
	const struct timespec t = { .tv_nsec = 20 * 1000 * 1000 };

	for (int64_t us = 0; words != NULL && us < words->delay_us; us += 20000)
		nanosleep(&t, NULL);
}

int
fdatasync(int fd)
{
	REAL(fdatasync);
	int r;

	pass(AT_SYNC);
	be_slow();
	r = real(fd);
	note_log(fd, true);
	pass(AT_SYNCED);
	return r;
}

ssize_t
pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
	REAL(pwrite64);

	note_log(fd, false);
	pass(AT_WRITE);
	if (words != NULL && words->write_errno != 0) {
		errno = (int)words->write_errno;
		return -1;
	}
	return real(fd, bytes, n, at);
}

int
clock_gettime(clockid_t id, struct timespec *t)
{
	REAL(clock_gettime);
	int r = real(id, t);

	if (r == 0 && words != NULL &&
	    (id == CLOCK_REALTIME || id == CLOCK_BOOTTIME))
		t->tv_sec += words->offset_us / US_PER_S;
	return r;
}

/* Of libraries: declared as they are called, without their headers. */
int crypto_sign_verify_detached(const unsigned char *signature,
    const unsigned char *text, unsigned long long n,
    const unsigned char *public_key);
int sqlite3_step(void *statement);
ssize_t gnutls_record_send(void *session, const void *bytes, size_t n);

int
crypto_sign_verify_detached(const unsigned char *signature,
    const unsigned char *text, unsigned long long n,
    const unsigned char *public_key)
{
	REAL(crypto_sign_verify_detached);
	int r;

	pass(AT_VERIFY);
	r = real(signature, text, n, public_key);
	pass(AT_VERIFIED);
	return r;
}

int
sqlite3_step(void *statement)
{
	REAL(sqlite3_step);

	pass(AT_STEP);
	return real(statement);
}

ssize_t
gnutls_record_send(void *session, const void *bytes, size_t n)
{
	REAL(gnutls_record_send);
	bool is_ack = memmem(bytes, n, "{\"acked\":", 9) != NULL;
	ssize_t r;

	if (is_ack)
		pass(AT_ANSWER);
	stop_if_cut();
	r = real(session, bytes, n);
	if (is_ack)
		pass(AT_ANSWERED);
	return r;
}
