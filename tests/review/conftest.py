"""One site per module, because passwords are slow to hash by design."""

import pytest
from review_site import ReviewSite


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return ReviewSite(tmp_path_factory.mktemp("review"))
