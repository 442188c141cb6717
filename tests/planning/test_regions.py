from __future__ import annotations

import pytest

from wizard.planning import regions


@pytest.mark.parametrize(
    ("cloud", "typed", "name", "display_name"),
    [
        ("public", "francecentral", "francecentral", "France Central"),
        ("public", "France Central", "francecentral", "France Central"),
        ("public", "EASTUS2", "eastus2", "East US 2"),
        ("us_government", "US Gov Virginia", "usgovvirginia", "USGov Virginia"),
        ("china", "chinanorth3", "chinanorth3", "China North 3"),
    ],
)
def test_a_region_is_found_by_its_name_and_by_what_the_portal_shows(
    cloud: str, typed: str, name: str, display_name: str
) -> None:
    assert regions.find(cloud, typed) == regions.Region(name=name, display_name=display_name)


@pytest.mark.parametrize(
    ("cloud", "typed", "message"),
    [
        (
            "public",
            "chinaeast2",
            "chinaeast2 is a region of Azure in China, not of the public cloud. Correct the cloud or "
            "the region.",
        ),
        (
            "china",
            "westeurope",
            "westeurope is a region of the public cloud, not of Azure in China. Correct the cloud or "
            "the region.",
        ),
        (
            "public",
            "francecentrale",
            "“francecentrale” is not a region of the public cloud. Did you mean francecentral?",
        ),
        (
            "us_government",
            "Lyon",
            "“Lyon” is not a region of Azure Government. Expected is a name such as usdodcentral.",
        ),
    ],
)
def test_a_region_that_the_cloud_does_not_have_is_refused_with_a_pointer(
    cloud: str, typed: str, message: str
) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        regions.find(cloud, typed)
    assert str(caught.value.args[0]) == message


def test_no_region_belongs_to_two_clouds() -> None:
    names = [region.name for cloud in regions.REGIONS.values() for region in cloud]
    assert len(names) == len(set(names))
