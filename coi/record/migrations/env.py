"""Alembic's entry: runs the migrations on the connection that `coi.record.schema` hands over."""

from alembic import context

from coi.record.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
