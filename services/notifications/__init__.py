"""The notifications service: what a person should know, in the app, live and by mail."""
