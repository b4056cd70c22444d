"""Building: the checkout, the build environment, the backend, the sdist and the wheel."""
