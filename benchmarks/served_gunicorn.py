"""As the product is served, on the address of this measurement, without its word of welcome."""

from wizard.config import gunicorn as product

globals().update(
    {name: value for name, value in vars(product).items() if name[0] != "_" and name != "when_ready"}
)
