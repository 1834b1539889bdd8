"""The pages: Flask blueprints that translate between HTTP and the engine, and decide nothing themselves."""
