"""The application for a WSGI server: ``gunicorn wsgi:app``."""

from formwright.factory import create_app

app = create_app()
