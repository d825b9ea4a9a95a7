/* process_metrics.c - see process_metrics.h. */
#include "collector/process_metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "schema/base/clock.h"

static double
seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / (double)US_PER_S;
}

static void
write_cpu(struct exposition *e)
{
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used) != 0)
		return;
	exposition_family(e, "process_cpu_seconds", EXPOSITION_COUNTER,
	    "Processor time spent, the kernel's for it too.");
	exposition_real(
	    e, NULL, 0, seconds(&used.ru_utime) + seconds(&used.ru_stime));
}

static void
write_memory(struct exposition *e)
{
	FILE *f = fopen("/proc/self/statm", "re");
	int64_t page = sysconf(_SC_PAGESIZE);
	long long size = 0, resident = 0;
	int n;

	if (f == NULL)
		return;
	n = fscanf(f, "%lld %lld", &size, &resident);
	fclose(f);
	if (n != 2)
		return;
	exposition_family(e, "process_virtual_memory_bytes", EXPOSITION_GAUGE,
	    "Address space in use.");
	exposition_int(e, NULL, 0, size * page);
	exposition_family(e, "process_resident_memory_bytes", EXPOSITION_GAUGE,
	    "What of it is in memory.");
	exposition_int(e, NULL, 0, resident * page);
}

/* Counted by a descriptor of its own, which is left out. */
static void
write_descriptors(struct exposition *e)
{
	DIR *folder = opendir("/proc/self/fd");
	struct rlimit limit;
	int64_t n = -1;

	if (folder != NULL) {
		for (struct dirent *d; (d = readdir(folder)) != NULL;)
			n += d->d_name[0] != '.';
		closedir(folder);
		exposition_family(e, "process_open_fds", EXPOSITION_GAUGE,
		    "File descriptors that are open.");
		exposition_int(e, NULL, 0, n);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	exposition_family(e, "process_max_fds", EXPOSITION_GAUGE,
	    "File descriptors that may be.");
	exposition_int(e, NULL, 0,
	    limit.rlim_cur == RLIM_INFINITY ? -1 : (int64_t)limit.rlim_cur);
}

void
process_metrics_write(struct exposition *e, int64_t started_us)
{
	write_cpu(e);
	write_memory(e);
	write_descriptors(e);
	exposition_family(e, "process_start_time_seconds", EXPOSITION_GAUGE,
	    "When it was started.");
	exposition_real(e, NULL, 0, (double)started_us / (double)US_PER_S);
}
