#include "collector/service.h"

#include "tests/unit/check.h"

static struct site sites[] = { { .id = 5, .name = "ams" },
	{ .id = 6, .name = "fra" } };
static struct service list[] = { { .id = 1 },
	{ .id = 2, .n_sites = 2, .sites = sites } };
static struct target targets[] = {
	{ .id = 21, .address = { 4, { 192, 0, 2, 1 } }, .port = 53 },
	{ .id = 22, .address = { 4, { 192, 0, 2, 1 } }, .port = 5353 },
	{ .id = 23, .address = { 6, { 0x20, 1 } }, .port = 53 },
};
static const struct services services = {
	.n = 2, .n_targets = 3, .list = list, .targets = targets
};

static void
test_a_target_is_found_by_address_and_port(void **state)
{
	struct addr known = { 4, { 192, 0, 2, 1 } };
	struct addr other = { 4, { 192, 0, 2, 2 } };

	(void)state;
	assert_ptr_equal(
	    services_find_target(&services, &known, 5353), &targets[1]);
	assert_null(services_find_target(&services, &known, 54));
	assert_null(services_find_target(&services, &other, 53));
}

static void
test_ids_are_found(void **state)
{
	const struct service *of = NULL;

	(void)state;
	assert_ptr_equal(services_target_by_id(&services, 23), &targets[2]);
	assert_null(services_target_by_id(&services, 24));
	assert_ptr_equal(services_site_by_id(&services, 6, &of), &sites[1]);
	assert_ptr_equal(of, &list[1]);
	assert_non_null(services_site_by_id(&services, 5, NULL));
	assert_null(services_site_by_id(&services, 7, &of));
}

static void
test_roles_have_words(void **state)
{
	(void)state;
	assert_string_equal(target_role_name(ROLE_SERVICE), "service");
	assert_string_equal(target_role_name(ROLE_UNICAST), "unicast");
	assert_string_equal(target_role_name(ROLE_CONTROL), "control");
	assert_string_equal(target_role_name(ROLE_DECOY), "decoy");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_target_is_found_by_address_and_port),
		cmocka_unit_test(test_ids_are_found),
		cmocka_unit_test(test_roles_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
