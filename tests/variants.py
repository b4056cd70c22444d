"""The slowest tests: how many of their variants a plain run takes; `--thorough` takes all.

With all of them a run of CI takes more than half an hour. What is left out tests the same lines by
other examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

KEPT = {
    "anywhere/test_lines.py": {
        "test_a_branch_is_rehearsed": 0,
    },
    "bench/test_bench.py": {
        "test_bench_compares_methods_and_writes_down_what_they_took": 0,
        "test_bench_counts_what_the_kit_asks_and_weighs_it_beside_curl": 0,
        "test_bench_measures_the_start_and_a_monorepo": 0,
    },
    "black_box/test_canaries.py": {
        "test_reading_a_closed_server_names_what_is_missing": 4,
    },
    "black_box/test_kills.py": {
        "test_a_program_that_is_killed_is_named_and_the_package_is_not_blamed": 3,
        "test_killed_at_a_step": 5,
        "test_killed_with_several_projects": 1,
    },
    "black_box/test_limits.py": {
        "test_a_directory_that_is_full_is_named": 2,
        "test_a_directory_that_may_not_be_written_is_named": 2,
    },
    "black_box/test_outputs.py": {
        "test_output_that_is_lost_is_named": 3,
    },
    "black_box/test_python_variables.py": {
        "test_a_release_is_the_same_with_any_variables_of_python": 2,
    },
    "black_box/test_terminals.py": {
        "test_a_log_says_the_same_everywhere": 2,
    },
    "contract/test_contract_clients.py": {
        "test_poetry_publishes_once_shows_the_refusal_and_can_skip": 0,
    },
    "end_to_end/bare_nexus/test_drift.py": {
        "test_drift_is_shown_and_fixed": 6,
    },
    "end_to_end/test_backends.py": {
        "test_compiled_project_is_released_and_a_fresh_clone_builds_the_same_bytes": 1,
        "test_pure_project_is_released_once_whoever_releases_it_again_with_whichever_python": 2,
    },
    "end_to_end/test_backends_nexus.py": {
        "test_project_is_released_into_nexus": 3,
    },
    "end_to_end/test_directories.py": {
        "test_what_is_no_directory_is_refused_by_every_command": 10,
    },
    "end_to_end/test_faithful.py": {
        "test_package_with_a_submodule_is_released_the_same_from_every_clone": 1,
    },
    "end_to_end/test_findings.py": {
        "test_missing_file_is_fixed_by_the_key_of_the_backend_in_use": 2,
    },
    "end_to_end/test_install_back.py": {
        "test_what_comes_wrong_is_no_fault_of_the_package": 2,
    },
    "end_to_end/test_links.py": {
        "test_file_that_is_not_plain_is_refused_when_it_is_read": 8,
    },
    "end_to_end/test_listed.py": {
        "test_an_upload_that_is_answered_and_not_stored_is_none": 3,
    },
    "end_to_end/test_platform_wheels.py": {
        "test_one_of_several_wheels_that_is_not_stored_keeps_the_sdist_back": 1,
    },
    "end_to_end/test_real_nexus.py": {
        "test_interrupted_in_the_middle_the_next_run_converges": 1,
    },
    "end_to_end/test_redacted_output.py": {
        "test_control_characters_of_a_server_reach_neither_terminal_nor_reports": 6,
    },
    "end_to_end/test_side_by_side.py": {
        "test_a_project_comes_after_those_that_it_needs": 1,
        "test_an_interrupt_ends_what_runs_and_begins_no_other": 4,
    },
    "end_to_end/test_snapshots.py": {
        "test_clone_without_tags_is_refused_where_the_backend_counts_them": 1,
        "test_development_version_of_each_backend": 2,
        "test_version_that_a_build_makes_is_refused_before_the_upload": 1,
    },
    "end_to_end/test_verdicts.py": {
        "test_a_refusal_is_the_same_in_every_command": 1,
    },
    "gitlab/test_credentials.py": {
        "test_what_is_changed_after_its_job_is_not_published": 1,
    },
    "gitlab/test_hostile.py": {
        "test_a_branch_alone_has_a_cache_and_finds_it_again": 0,
        "test_a_rehearsal_that_a_group_wants_to_be_a_release_publishes_nothing": 0,
    },
    "gitlab/test_init.py": {
        "test_a_project_without_a_pipeline_gets_one_that_releases_it": 0,
    },
    "gitlab/test_kit.py": {
        "test_a_certificate_of_the_company_says_which_variable_has_its_ca": 0,
        "test_a_proxy_that_wants_a_login_is_not_the_index": 0,
        "test_a_server_that_is_down_is_worth_a_second_run": 0,
        "test_an_index_that_wants_a_login_says_where_it_is_read": 0,
        "test_an_sdist_of_the_kit_is_not_built": 0,
        "test_no_network_is_worth_a_second_run": 0,
    },
    "gitlab/test_nexus_releases.py": {
        "test_a_closed_nexus_is_read_as_the_reader_and_published_to_as_the_publisher": 1,
        "test_this_repository_checks_its_own_branch": 0,
    },
    "gitlab/test_own_jobs.py": {
        "test_the_project_is_the_same_with_and_without_the_component": 1,
    },
    "gitlab/test_pipelines.py": {
        "test_a_tag_that_is_not_protected_has_no_credentials_and_says_why": 0,
    },
    "jenkins/test_hostile.py": {
        "test_an_environment_that_does_not_work_is_made_anew_and_one_that_does_is_kept": 0,
        "test_an_sdist_of_the_kit_is_not_built": 1,
        "test_another_kit_gets_an_environment_of_its_own_and_a_range_one_for_a_build": 0,
        "test_two_builds_that_want_the_kit_at_once_both_have_it": 0,
    },
    "jenkins/test_kit.py": {
        "test_an_index_that_does_not_serve_the_kit_is_explained_in_one_line": 1,
    },
    "jenkins/test_nexus_releases.py": {
        "test_a_closed_nexus_is_read_as_the_reader_and_published_to_as_the_publisher": 1,
        "test_this_repositorys_own_jenkinsfile_finds_the_kit_released": 0,
        "test_three_lines_release_a_project_by_the_kit_that_nexus_serves": 0,
    },
    "jenkins/test_shapes.py": {
        "test_each_call_of_a_build_keeps_its_own_files": 3,
    },
    "unit/releasekit_nexus/test_ends.py": {
        "test_a_signal_during_the_start_leaves_no_jvm_and_no_file": 0,
        "test_over_plain_http_with_other_names_and_killed_at_the_end": 0,
        "test_two_starters_at_once_share_one_download_and_one_template": 0,
    },
}
"""By files and names of tests: how many variants are kept, the first ones."""


def split_variants(
    items: Iterable[pytest.Item],
) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """Return the tests of a plain run, and those that it leaves out."""
    seen: Counter[str] = Counter()
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        whole = item.nodeid.partition("[")[0]
        file, _, name = whole.removeprefix("tests/").partition("::")
        seen[whole] += 1
        limit = KEPT.get(file, {}).get(name, seen[whole])
        (kept if seen[whole] <= limit else left_out).append(item)
    return kept, left_out
