"""A CI template and the kit that it starts belong together."""

from __future__ import annotations

import pytest

from releasekit.errors import ReleasekitError
from releasekit.errors.ci import OTHER_TEMPLATE
from releasekit.run import refuse_other_template


@pytest.mark.parametrize(
    ("template", "kit"),
    [
        *(("0.1.0", "0.1.0"), ("0.1.0", "0.1.7"), ("0.1.3", "0.1.0"), ("0.1.0", "0.1.0rc1")),
        *(("1.0.0", "1.4.2"), ("1.4.2", "1.0"), ("1.0", "1")),
        *(("0.1.0", "0.2.dev3+gabc"), ("9.0.0", "0.1.dev231")),
    ],
)
def test_a_template_fits_a_kit_of_its_series_and_one_under_development(
    template: str, kit: str
) -> None:
    refuse_other_template(template, kit)


@pytest.mark.parametrize(
    ("template", "kit"),
    [("0.1.0", "0.2.0"), ("0.2.0", "0.1.9"), ("0.9.0", "1.0.0"), ("1.9.0", "2.0.0"), ("1", "0.1")],
)
def test_a_template_of_another_series_is_refused(template: str, kit: str) -> None:
    with pytest.raises(ReleasekitError) as caught:
        refuse_other_template(template, kit)
    assert (caught.value.entry, caught.value.fields) == (
        OTHER_TEMPLATE,
        {"template": template, "kit": kit},
    )
