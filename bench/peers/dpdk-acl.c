/*
 * DPDK's ACL library on the rules and headers of bench/classify, as a process that is told what to do line by line, so
 * that its passes can be interleaved with others':
 *
 *   dpdk-acl RULES TRACE
 *
 * RULES: a rule a line, ten decimal numbers: source, prefix length, destination, prefix length, source ports from, to,
 * destination ports from, to, protocol, protocol mask. TRACE: src/layout/header.ts, 16 bytes a packet.
 *
 * Says "built SECONDS" on stdout, then answers each line on stdin:
 *
 *   METHOD (sse, avx2, avx512x16, avx512x32)  passes the whole trace: "NANOSECONDS" of CPU time, or "none"
 *   results FILE                              writes the last pass's u32 results (rule + 1, 0 none): "written"
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_acl.h>
#include <rte_byteorder.h>
#include <rte_cpuflags.h>
#include <rte_eal.h>

enum { FIELDS = 5, BURST = 1024 };

RTE_ACL_RULE_DEF(rule, FIELDS);

/* As the library reads it: big endian, groups of four bytes behind the first. */
struct key {
	uint8_t protocol;
	uint8_t padding[3];
	uint32_t source, destination;
	uint16_t source_port, destination_port;
};

static const struct rte_acl_field_def fields[FIELDS] = {
	{RTE_ACL_FIELD_TYPE_BITMASK, 1, 0, 0, offsetof(struct key, protocol)},
	{RTE_ACL_FIELD_TYPE_MASK, 4, 1, 1, offsetof(struct key, source)},
	{RTE_ACL_FIELD_TYPE_MASK, 4, 2, 2, offsetof(struct key, destination)},
	{RTE_ACL_FIELD_TYPE_RANGE, 2, 3, 3, offsetof(struct key, source_port)},
	{RTE_ACL_FIELD_TYPE_RANGE, 2, 4, 3, offsetof(struct key, destination_port)},
};

static void fail(const char *what)
{
	fprintf(stderr, "dpdk-acl: %s\n", what);
	exit(1);
}

static double cpu_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static struct rte_acl_ctx *build(const char *file)
{
	struct rte_acl_param parameters = {"peer", SOCKET_ID_ANY, RTE_ACL_RULE_SZ(FIELDS), 1 << 20};
	struct rte_acl_ctx *context = rte_acl_create(&parameters);
	FILE *rules = fopen(file, "r");
	unsigned long n[10];
	int32_t index = 0;
	if (context == NULL || rules == NULL)
		fail("no context, or no rules");
	while (fscanf(rules, "%lu %lu %lu %lu %lu %lu %lu %lu %lu %lu", n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6,
		      n + 7, n + 8, n + 9) == 10) {
		struct rule rule = {.data = {1, RTE_ACL_MAX_PRIORITY - index, (uint32_t)index + 1}};
		rule.field[0].value.u8 = (uint8_t)n[8];
		rule.field[0].mask_range.u8 = (uint8_t)n[9];
		for (int field = 1; field < 3; field++) {
			rule.field[field].value.u32 = (uint32_t)n[field * 2 - 2];
			rule.field[field].mask_range.u32 = (uint32_t)n[field * 2 - 1];
		}
		for (int field = 3; field < 5; field++) {
			rule.field[field].value.u16 = (uint16_t)n[field * 2 - 2];
			rule.field[field].mask_range.u16 = (uint16_t)n[field * 2 - 1];
		}
		if (rte_acl_add_rules(context, (struct rte_acl_rule *)&rule, 1) != 0)
			fail("rule refused");
		index++;
	}
	fclose(rules);
	struct rte_acl_config config = {.num_categories = 1, .num_fields = FIELDS};
	memcpy(config.defs, fields, sizeof(fields));
	double from = cpu_seconds();
	if (rte_acl_build(context, &config) != 0)
		fail("build failed");
	printf("built %.3f\n", cpu_seconds() - from);
	return context;
}

static size_t read_trace(const char *file, struct key **keys)
{
	FILE *trace = fopen(file, "rb");
	uint8_t header[16];
	size_t count = 0, room = 1 << 20;
	if (trace == NULL)
		fail("no trace");
	*keys = malloc(room * sizeof(**keys));
	while (fread(header, sizeof(header), 1, trace) == 1 && count < room) {
		struct key *key = &(*keys)[count++];
		uint32_t address;
		uint16_t port;
		memset(key, 0, sizeof(*key));
		key->protocol = header[12];
		memcpy(&address, header, 4);
		key->source = rte_cpu_to_be_32(address);
		memcpy(&address, header + 4, 4);
		key->destination = rte_cpu_to_be_32(address);
		memcpy(&port, header + 8, 2);
		key->source_port = rte_cpu_to_be_16(port);
		memcpy(&port, header + 10, 2);
		key->destination_port = rte_cpu_to_be_16(port);
	}
	fclose(trace);
	return count;
}

static enum rte_acl_classify_alg method(const char *name)
{
	if (strcmp(name, "sse") == 0)
		return RTE_ACL_CLASSIFY_SSE;
	if (strcmp(name, "avx2") == 0)
		return RTE_ACL_CLASSIFY_AVX2;
	if (strcmp(name, "avx512x16") == 0)
		return RTE_ACL_CLASSIFY_AVX512X16;
	if (strcmp(name, "avx512x32") == 0)
		return RTE_ACL_CLASSIFY_AVX512X32;
	return RTE_ACL_CLASSIFY_SCALAR;
}

/* The library runs what it was built with, whether the processor can or not. */
static int is_supported(enum rte_acl_classify_alg algorithm)
{
	switch (algorithm) {
	case RTE_ACL_CLASSIFY_AVX2:
		return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) == 1;
	case RTE_ACL_CLASSIFY_AVX512X16:
	case RTE_ACL_CLASSIFY_AVX512X32:
		return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) == 1 &&
		       rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512BW) == 1 &&
		       rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512VL) == 1;
	default:
		return 1;
	}
}

int main(int argc, char **argv)
{
	char *eal[] = {argv[0], "--no-huge", "--no-pci", "--no-shconf", "--no-telemetry", "-m", "3072",
		       "-l", "0", "--log-level=error", "--force-max-simd-bitwidth=512"};
	struct key *keys;
	char line[512];
	if (argc != 3)
		fail("usage: dpdk-acl RULES TRACE");
	if (rte_eal_init(sizeof(eal) / sizeof(*eal), eal) < 0)
		fail("rte_eal_init failed");
	struct rte_acl_ctx *context = build(argv[1]);
	size_t count = read_trace(argv[2], &keys);
	const uint8_t **data = malloc(count * sizeof(*data));
	uint32_t *results = calloc(count, sizeof(*results));
	for (size_t packet = 0; packet < count; packet++)
		data[packet] = (const uint8_t *)&keys[packet];
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "results ", 8) == 0) {
			FILE *out = fopen(line + 8, "wb");
			if (out == NULL || fwrite(results, sizeof(*results), count, out) != count || fclose(out) != 0)
				fail("results not written");
			puts("written");
		} else {
			enum rte_acl_classify_alg algorithm = method(line);
			double from = cpu_seconds();
			int error = is_supported(algorithm) ? 0 : -1;
			for (size_t at = 0; at < count && error == 0; at += BURST) {
				uint32_t burst = count - at < BURST ? (uint32_t)(count - at) : BURST;
				error = rte_acl_classify_alg(context, data + at, results + at, burst, 1, algorithm);
			}
			if (error != 0)
				puts("none");
			else
				printf("%.0f\n", (cpu_seconds() - from) * 1e9);
		}
		fflush(stdout);
	}
	return 0;
}
